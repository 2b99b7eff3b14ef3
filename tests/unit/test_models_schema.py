"""Validation of a content state by the user's JSON Schema."""

from __future__ import annotations

import json
import socket
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
    assert "content_state.score.home must be integer, not string" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_state_that_is_not_json_is_refused() -> None:
    with pytest.raises(InvalidPayload, match="content_state is text that is not JSON"):
        check_schema("{", SCHEMA)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "intger"},
        {"$ref": "#/$defs/nowhere"},
        {"properties": {"a": {"pattern": "("}}},
        {"$schema": "https://example.com/own"},
        {"$schema": 5},
        {"$schema": "http://json-schema.org/draft-03/schema#", "extends": {"$ref": "http://example.com/"}},
        {"$id": "http://[::1"},
        {"$ref": "http://[::1"},
        {"$ref": "#/x", "x": {"$ref": "http://user:hunter2@example.com/"}},
        "/nowhere/state.json",
    ],
)
def test_an_invalid_schema_is_refused_in_one_line(schema: Any) -> None:
    with pytest.raises(InvalidPayload, match=r"^content_state_schema is not a readable JSON Schema: .*\.$"):
        check_schema({"a": "x"}, schema)


def test_a_schema_may_be_json_text() -> None:
    for text in (json.dumps(SCHEMA), "\n " + json.dumps(SCHEMA), "\ufeff" + json.dumps(SCHEMA)):
        check_schema({"score": {"home": 1}}, text)
        with pytest.raises(InvalidPayload, match="score is missing"):
            check_schema({}, text)


@pytest.mark.parametrize("text", ["{", "[]", ' {"type": ', '"type"', "\ufeff{"])
def test_text_that_begins_like_json_is_never_a_path(
    text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path(text).write_text(json.dumps(SCHEMA))  # such a file may well be there
    with pytest.raises(InvalidPayload, match="content_state_schema is not a readable JSON Schema"):
        check_schema({"score": {"home": 1}}, text)


@pytest.mark.parametrize("schema", [5, True, [], b"{}"])
def test_a_schema_of_another_type_is_refused(schema: Any) -> None:
    with pytest.raises(InvalidPayload, match="must be an object"):
        check_schema({}, schema)


DRAFTS = [
    {},
    {"$schema": "http://json-schema.org/draft-07/schema#"},
    {"$schema": "https://json-schema.org/draft/2020-12/schema"},
]


@pytest.mark.parametrize("draft", DRAFTS, ids=["none", "7", "2020-12"])
@pytest.mark.parametrize("place", ["top", "property that is absent", "branch", "definition"])
def test_no_reference_leaves_the_document(
    draft: dict[str, Any], place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def refuse(*args: Any, **kwargs: Any) -> None:
        asked.append(args)
        raise OSError("a test opens no connection")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    leak = tmp_path / "leak.json"
    leak.write_text(json.dumps({"type": "object"}))
    for target in (
        "http://user:hunter2@127.0.0.1:1/schema.json",
        "https://example.com/schema.json",
        leak.as_uri(),
        "leak.json",
        "/etc/passwd",
        "ftp://example.com/schema.json",
    ):
        reference: dict[str, Any] = {"$ref": target}
        schema: dict[str, Any] = {
            "top": reference,
            "property that is absent": {"properties": {"never": reference}},
            "branch": {"if": {"required": ["never"]}, "then": {"allOf": [reference]}},
            "definition": {"definitions": {"unused": reference}},
        }[place]
        monkeypatch.chdir(tmp_path)
        with pytest.raises(
            InvalidPayload, match=r"content_state_schema .* leads out of the document"
        ) as refused:
            check_schema({"score": 1}, {**draft, **schema})
        assert "hunter2" not in str(refused.value)
    assert asked == []


def test_references_within_the_document_are_followed() -> None:
    schemas: list[dict[str, Any]] = [
        {"$defs": {"goals": {"type": "integer"}}, "properties": {"home": {"$ref": "#/$defs/goals"}}},
        {"$defs": {"g": {"$anchor": "goals", "type": "integer"}}, "properties": {"home": {"$ref": "#goals"}}},
        {
            "$id": "https://example.com/state",
            "$defs": {"g": {"$id": "goals", "type": "integer"}},
            "properties": {"home": {"$ref": "goals"}, "away": {"$ref": "https://example.com/goals"}},
        },
    ]
    for schema in schemas:
        check_schema({"home": 1}, schema)
        with pytest.raises(InvalidPayload, match=r"content_state\.home must be integer"):
            check_schema({"home": "one"}, schema)


def test_what_looks_like_a_reference_in_a_value_is_none() -> None:
    state = {"link": {"$ref": "https://example.com/"}}
    check_schema(state, {"properties": {"link": {"const": {"$ref": "https://example.com/"}}}})
    check_schema(state, {"properties": {"$ref": {"type": "string"}}})


@pytest.mark.parametrize("schema", [{"$ref": "#"}, {"allOf": [{"$ref": "#"}]}])
def test_a_reference_to_itself_is_an_error_and_no_crash(schema: dict[str, Any]) -> None:
    with pytest.raises(InvalidPayload, match="leads to itself"):
        check_schema({"a": 1}, schema)


@pytest.mark.parametrize("text", ["5", "[]", "{", ""])
def test_a_file_without_a_schema_in_it_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    path.write_text(text)
    with pytest.raises(InvalidPayload, match="is not a readable JSON Schema"):
        check_schema({}, path)


@pytest.mark.parametrize(
    ("schema", "value", "error"),
    [
        (
            {"anyOf": [{"type": "integer"}, {"type": "null"}]},
            "x",
            r"content_state\.a must be integer or null, not string",
        ),
        (
            {"anyOf": [{"type": "integer", "minimum": 5}, {"type": "null"}]},
            3,
            r"content_state\.a must be at least 5\.",
        ),
        (
            {"anyOf": [{"minimum": 5}, {"maximum": 2}]},
            3,
            r"content_state\.a breaks the schema's rule 'anyOf: ",
        ),
        (
            {"title": "Goals", "type": ["integer", "null"]},
            1.5,
            r"must be integer or null \(Goals\), not number",
        ),
        ({"enum": ["on", 1]}, "off", r'content_state\.a must be one of "on", 1, not another string'),
        ({"exclusiveMaximum": 9}, 9, r"content_state\.a must be less than 9"),
        ({"items": {"required": ["b"]}}, [{}], r"content_state\.a\[0\]\.b is missing\."),
        ({"maxItems": 1}, [1, 2], r"content_state\.a breaks the schema's rule 'maxItems: 1'"),
    ],
)
def test_an_error_says_what_is_expected(schema: Any, value: Any, error: str) -> None:
    with pytest.raises(InvalidPayload, match=error):
        check_schema({"a": value}, {"properties": {"a": schema}})


def test_an_error_names_five_places_and_counts_the_others() -> None:
    schema = {"additionalProperties": {"type": "string"}}
    with pytest.raises(InvalidPayload, match=r"content_state\.4 must be string, not integer and 3 more\.$"):
        check_schema({str(number): number for number in range(8)}, schema)
