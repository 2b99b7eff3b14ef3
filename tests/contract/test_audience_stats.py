"""Invalid ids on any row are found by the statement that runs before the recipients are read."""

from __future__ import annotations

from typing import Any

import pytest

from airflow_provider_liveactivity.audience import SqlAudience, check_audience
from airflow_provider_liveactivity.errors import InvalidPayload
from tests.support.databases import Database

MANY = 300


def audience_of(database: Database, sql: str = "SELECT id FROM fans", **options: Any) -> SqlAudience:
    return SqlAudience(database.hook, sql, **options)


@pytest.mark.parametrize("place", [0, MANY // 2, MANY])
@pytest.mark.parametrize("bad", ["é" * 300 + "secret" * 100, "secret" * 167, "zz" + "😀" * 249])
def test_an_id_of_too_many_bytes_is_found_wherever_it_stands(
    database: Database, place: int, bad: str
) -> None:
    values = [f"user-{number:03}" for number in range(MANY)]
    database.table("fans", "id VARCHAR(2000)", [*values[:place], bad, *values[place:]])
    with pytest.raises(InvalidPayload, match="more than 997 bytes") as caught:
        check_audience(audience_of(database))
    assert "secret" not in str(caught.value)


def test_an_id_of_as_many_bytes_as_the_vendor_takes_is_sent(database: Database) -> None:
    longest = ["é" * 498 + "x", "x" * 997, "😀" * 249 + "y"]
    database.table("fans", "id VARCHAR(2000)", longest)
    assert check_audience(audience_of(database)) == 3
    assert [one for batch in audience_of(database).batches() for one in batch.external_user_ids] == sorted(
        longest
    )


@pytest.mark.parametrize("column", [1, 2])
def test_an_alias_of_too_many_bytes_is_found(database: Database, column: int) -> None:
    def alias(text: str) -> str:
        return ", ".join([f"'{text}'", "'crm'"][:: 1 if column == 1 else -1])

    fits, too_long = "é" * 118, "é" * 118 + "x"
    many = " UNION ALL ".join(f"SELECT {alias(f'name-{number}')}" for number in range(20))
    good = f"{many} UNION ALL SELECT {alias(fits)}"
    assert audience_of(database, good, max_alias_bytes=236).total() == 21
    with pytest.raises(InvalidPayload, match="more than 236 bytes"):
        audience_of(database, f"{good} UNION ALL SELECT {alias(too_long)}", max_alias_bytes=236).total()
    assert audience_of(database, f"SELECT '{'x' * 300}'", max_alias_bytes=236).total() == 1


@pytest.mark.parametrize("other", ["NULL", "' '"])
def test_a_row_that_is_left_out_is_no_reason_to_refuse_the_others(database: Database, other: str) -> None:
    sql = f"SELECT 'ada', 'crm' UNION ALL SELECT '{'x' * 300}', {other}"
    audience = audience_of(database, sql, max_alias_bytes=236)
    assert (audience.total(), audience.nulls) == (1, 1)
    assert [alias for batch in audience.batches() for alias in batch.user_aliases] == [("ada", "crm")]


@pytest.mark.parametrize("database", ["duckdb", "postgres"], indirect=True)
@pytest.mark.parametrize("bad", ["10.5", "0.05", "-3.70", "100.01"])
def test_a_number_with_a_fraction_is_found_wherever_it_stands(database: Database, bad: str) -> None:
    whole = "SELECT CAST(n AS NUMERIC(20, 2)) AS n FROM generate_series(-100, 1100) s (n)"
    if database.name == "duckdb":
        whole = whole.replace("generate_series(-100, 1100)", "range(-100, 1101)")
    assert audience_of(database, whole).total() == 1_201
    with pytest.raises(InvalidPayload, match=r"column 1 .* not whole \(1 of them\)") as caught:
        audience_of(database, f"{whole} UNION ALL SELECT CAST({bad} AS NUMERIC(20, 2))").total()
    assert bad not in str(caught.value)
    pair = f"SELECT 'name', n FROM ({whole} UNION ALL SELECT CAST({bad} AS NUMERIC(20, 2))) t"
    with pytest.raises(InvalidPayload, match=r"column 2 .* not whole \(1 of them\)"):
        audience_of(database, pair).total()


def test_text_that_looks_like_a_fraction_is_an_id_like_any_other(database: Database) -> None:
    ids = ["10.5", "1.5.2", "v0.10", "Infinity", ".5", "amy.8@example.com"]
    database.table("fans", "id VARCHAR(99)", ids)
    assert audience_of(database).total() == len(ids)
    assert [one for batch in audience_of(database).batches() for one in batch.external_user_ids] == sorted(
        ids
    )


def test_a_number_that_does_not_end_is_found(postgres_database: Database) -> None:
    sql = "SELECT v::numeric FROM (VALUES ('1'), ('Infinity'), ('-Infinity'), ('NaN')) t (v)"
    with pytest.raises(InvalidPayload, match=r"not whole \(2 of them\)"):
        audience_of(postgres_database, sql).total()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("odd", "reason"), [(1.5, "type float"), (b"secret", "type bytes"), (2.0, "type float")]
)
@pytest.mark.parametrize("others", [[2, 1], ["x", "1"], [1, "x", 3]])
def test_a_type_that_is_no_id_is_found_among_others(
    database: Database, odd: Any, reason: str, others: list[Any]
) -> None:
    for place in range(len(others) + 1):
        database.table(f"fans{place}", "id", [*others[:place], odd, *others[place:]])
        with pytest.raises(InvalidPayload, match=reason):
            audience_of(database, f"SELECT id FROM fans{place}").total()
        with pytest.raises(InvalidPayload, match="column 2 .*" + reason):
            audience_of(database, f"SELECT 'name', id FROM fans{place}").total()


@pytest.mark.parametrize("type_", ["uuid", "boolean", "json", "jsonb", "date", "bytea", "int[]", "inet"])
def test_every_type_of_postgres_can_be_surveyed(postgres_database: Database, type_: str) -> None:
    values = {
        "uuid": "a2b0c4d6-0000-4000-8000-000000000000",
        "boolean": "true",
        "date": "2026-07-22",
        "json": "{}",
        "jsonb": "{}",
        "int[]": "{1}",
        "inet": "10.0.0.1",
    }
    sql = f"SELECT CAST('{values.get(type_, '1')}' AS {type_})"
    if type_ == "uuid":
        assert audience_of(postgres_database, f"{sql}, {sql[7:]}").total() == 1
        return
    with pytest.raises(InvalidPayload, match="column 1 of the audience is of the type"):
        audience_of(postgres_database, sql).total()
