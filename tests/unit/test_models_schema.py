"""A content state's shape by the customer's own JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.models.schema import check_schema

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"score": {"type": "object", "properties": {"home": {"type": "integer"}}}},
    "required": ["score"],
}


def test_without_a_schema_every_state_is_good() -> None:
    check_schema({"anything": None}, None)


@pytest.mark.parametrize("state", [{"score": {"home": 1}}, '{"score": {"home": 1}}'])
def test_a_state_that_fits_passes_as_object_and_as_text(state: Any) -> None:
    check_schema(state, SCHEMA)


def test_a_schema_may_lie_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text(json.dumps(SCHEMA | {"title": "Spielstände"}, ensure_ascii=False), "utf-8")
    for given in (path, str(path)):
        check_schema({"score": {"home": 1}}, given)
        with pytest.raises(InvalidPayload):
            check_schema({}, given)


def test_what_breaks_it_is_named_by_place_and_rule_but_not_by_value() -> None:
    with pytest.raises(InvalidPayload) as refused:
        check_schema({"score": {"home": "hunter2"}}, SCHEMA)
    assert "content_state.score.home breaks the schema's rule 'type: integer'" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_state_that_is_no_json_is_told_as_such() -> None:
    with pytest.raises(InvalidPayload, match="content_state is text that is not JSON"):
        check_schema("{", SCHEMA)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "intger"},
        {"$ref": "#/$defs/nowhere"},
        {"properties": {"a": {"pattern": "("}}},
        "/nowhere/state.json",
    ],
)
def test_a_schema_that_is_none_is_told_in_one_line(schema: Any) -> None:
    with pytest.raises(InvalidPayload, match=r"^content_state_schema is not a readable JSON Schema: .*\.$"):
        check_schema({"a": "x"}, schema)


@pytest.mark.parametrize("text", ["5", "[]", "{", ""])
def test_a_file_without_a_schema_in_it_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text(text)
    with pytest.raises(InvalidPayload, match="is not a readable JSON Schema"):
        check_schema({}, path)
