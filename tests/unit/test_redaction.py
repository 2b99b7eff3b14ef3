"""Redaction of a vendor's response: it shows no key and no external id."""

from __future__ import annotations

import json

import pytest

from airflow_provider_liveactivity.http.redaction import redact
from airflow_provider_liveactivity.models.braze import StartContent
from tests.support.scripted_vendor import BRAZE, KEY, START


def test_every_secret_is_hidden_wherever_it_stands() -> None:
    text = redact(f"Invalid API key: {KEY}, xx{KEY}xx", (KEY, "other"))
    assert text == "Invalid API key: ***, xx***xx"


def test_an_empty_secret_hides_nothing() -> None:
    assert redact("all good", ("",)) == "all good"


@pytest.mark.parametrize(
    "name", ["ada@example.com", "a", "7", "josé", 'ada "the first"', "back\\slash", "x.*", "名前", "a/b c"]
)
@pytest.mark.parametrize("ascii_only", [True, False])
def test_a_person_is_hidden_in_every_spelling_of_json(name: str, ascii_only: bool) -> None:
    answer = json.dumps({"message": f"unknown user ({name})"}, ensure_ascii=ascii_only)
    assert redact(answer, (), [name]) == '{"message": "unknown user (***)"}'


def test_an_alias_is_hidden_too() -> None:
    content = StartContent.build(**START)
    request = BRAZE.starts(content).request(user_aliases=[("ada-login", "login")])
    assert redact("no ada-login", (), request.ids) == "no ***"


def test_the_longest_name_is_hidden_whole() -> None:
    assert redact("ada ada-login", (), ["ada", "ada-login"]) == "*** ***"


def test_a_short_id_does_not_eat_into_words() -> None:
    assert redact("at most 50 ids, id 5 is bad", (), ["5", "d"]) == "at most 50 ids, id *** is bad"


def test_a_key_at_the_cut_is_hidden_before_the_cut() -> None:
    text = redact("x" * 1_995 + KEY, (KEY,))
    assert text == "x" * 1_995 + "***"
