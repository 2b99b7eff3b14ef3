from __future__ import annotations

import math
import uuid
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from airflow_provider_liveactivity.audience import Batch, ListAudience, check_audience
from airflow_provider_liveactivity.errors import EmptyAudience, InvalidPayload

IDS = st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=3).filter(str.strip), max_size=120)
ALIASES = st.lists(st.tuples(st.sampled_from("abcdef"), st.sampled_from(["email", "crm"])), max_size=20)


def people(batches: list[Batch]) -> list[Any]:
    return [one for batch in batches for one in (*batch.external_user_ids, *batch.user_aliases)]


@given(ids=IDS, aliases=ALIASES, size=st.integers(1, 60))
def test_each_recipient_is_in_one_batch_in_the_given_order(
    ids: list[str], aliases: list[tuple[str, str]], size: int
) -> None:
    audience = ListAudience(ids, aliases)
    batches = list(audience.batches(size))

    expected = [*dict.fromkeys(ids), *dict.fromkeys(aliases)]
    assert people(batches) == expected
    assert audience.total() == len(expected)
    assert audience.duplicates == len(ids) + len(aliases) - len(expected)
    assert all(len(batch) == size for batch, _ in pairwise(batches))
    assert all(0 < len(batch) <= size for batch in batches)


@given(ids=IDS, aliases=ALIASES, size=st.integers(1, 60))
def test_after_the_key_of_any_batch_comes_exactly_the_rest(
    ids: list[str], aliases: list[tuple[str, str]], size: int
) -> None:
    audience = ListAudience(ids, aliases)
    batches = list(audience.batches(size))
    for place, batch in enumerate(batches, start=1):
        assert list(audience.batches(size, after=batch.key)) == batches[place:]


def test_ids_and_aliases_share_the_fifty_of_a_batch() -> None:
    audience = ListAudience([str(n) for n in range(49)], [("a", "email"), ("b", "email")])
    first, second = audience.batches()
    assert len(first.external_user_ids) == 49
    assert first.user_aliases == (("a", "email"),)
    assert second == Batch((), (("b", "email"),), 51)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (10, "10"),
        (-7, "-7"),
        (2**70, str(2**70)),
        (Decimal(10), "10"),
        (Decimal("10.00"), "10"),
        (Decimal("1E+3"), "1000"),
        ("007", "007"),
        ("10.0", "10.0"),
        (" a ", " a "),
        ("Zoë 😀", "Zoë 😀"),
        (uuid.UUID(int=1), "00000000-0000-0000-0000-000000000001"),
    ],
)
def test_an_id_arrives_exactly_as_it_is(value: Any, expected: str) -> None:
    assert people(list(ListAudience([value]).batches())) == [expected]


@pytest.mark.parametrize(
    "value",
    [
        10.0,
        1e20,
        math.inf,
        True,
        b"4711",
        memoryview(b"4711"),
        Decimal("10.5"),
        Decimal("Infinity"),
        Decimal("1E+99999"),
        [1],
    ],
    ids=lambda value: "memory" if isinstance(value, memoryview) else repr(value),  # its address changes
)
def test_an_ambiguous_id_is_refused(value: Any) -> None:
    with pytest.raises(InvalidPayload, match=r"^external_user_ids\[1\] is "):
        ListAudience(["fine", value])


def test_missing_ids_are_counted_and_left_out() -> None:
    audience = ListAudience(
        ["a", None, "", " \t", math.nan, Decimal("NaN")],
        [{"alias_name": "n", "alias_label": None}, ("", "email")],
    )
    assert people(list(audience.batches())) == ["a"]
    assert audience.nulls == 7


def test_an_error_names_the_place_and_never_the_id() -> None:
    with pytest.raises(InvalidPayload) as caught:
        ListAudience(["fine", b"secret-id"])
    assert "secret" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("given_ids", ['["a", 1]', ["a", 1], ("a", 1), iter(["a", 1])])
def test_lists_come_as_objects_or_as_json(given_ids: Any) -> None:
    assert people(list(ListAudience(given_ids).batches())) == ["a", "1"]


@pytest.mark.parametrize("given_ids", ["user-1", '"user-1"', '{"a": 1}', {"a": 1}, {"a"}, b"[]", 5])
def test_a_value_that_is_not_a_list_is_refused(given_ids: Any) -> None:
    with pytest.raises(InvalidPayload, match="external_user_ids"):
        ListAudience(given_ids)


@pytest.mark.parametrize(
    "alias",
    [
        {"alias_name": "a"},
        {"alias_name": "a", "alias_label": "b", "x": 1},
        "ab",
        ("a",),
        ("a", "b", "c"),
        5,
    ],
    ids=repr,
)
def test_an_alias_has_a_name_and_a_label(alias: Any) -> None:
    with pytest.raises(InvalidPayload, match=r"user_aliases\[0\] must be"):
        ListAudience(None, [alias])


@pytest.mark.parametrize(
    ("text", "fits"), [("x" * 997, True), ("x" * 998, False), ("é" * 498, True), ("é" * 499, False)]
)
def test_an_id_longer_than_the_vendor_can_have_is_refused(text: str, fits: bool) -> None:
    if fits:
        assert ListAudience([text]).total() == 1
    else:
        with pytest.raises(InvalidPayload, match="997 bytes"):
            ListAudience(["short", text])


def test_the_longest_id_is_the_vendors_to_set() -> None:
    assert ListAudience(["x" * 10], max_id_bytes=10).total() == 1
    with pytest.raises(InvalidPayload, match="10 bytes"):
        ListAudience(None, [("a", "x" * 11)], max_id_bytes=10)


def test_half_a_character_is_refused_before_it_breaks_a_request() -> None:
    with pytest.raises(InvalidPayload, match="surrogate"):
        ListAudience(["\ud83d"])


def test_the_fingerprint_differs_by_audience_only() -> None:
    prints = {
        ListAudience(["alice", "bob"]).fingerprint,
        ListAudience(["bob", "alice"]).fingerprint,
        ListAudience(["alicebob"]).fingerprint,
        ListAudience(None, [("alice", "bob")]).fingerprint,
    }
    assert len(prints) == 4
    assert ListAudience(["1", 2]).fingerprint == ListAudience([1, "2", "2", None]).fingerprint
    assert all(len(one) == 64 for one in prints)


def test_an_empty_audience_is_refused_with_its_reason() -> None:
    with pytest.raises(EmptyAudience, match=r"empty\.$"):
        check_audience(ListAudience([]))
    with pytest.raises(EmptyAudience, match="all 2 ids are null or blank"):
        check_audience(ListAudience([None, ""]))


def test_max_audience_allows_itself_and_no_more() -> None:
    audience = ListAudience(["a", "b", "b"])
    assert check_audience(audience, max_audience=2) == 2
    with pytest.raises(InvalidPayload, match="2 recipients, but max_audience allows 1; nothing was sent"):
        check_audience(audience, max_audience=1)


def test_no_batch_has_people_on_both_sides_of_a_boundary() -> None:
    audience = ListAudience(list("abcdefg"))
    assert [batch.key for batch in audience.batches(3, boundary=4)] == [3, 4, 7]
    assert [batch.key for batch in audience.batches(3, 3, 6)] == [6, 7]
    assert [batch.key for batch in audience.batches(3, boundary=7)] == [3, 6, 7]
