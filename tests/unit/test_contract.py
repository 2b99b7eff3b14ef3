"""Swift types, the JSON Schemas that are written from them, and what these accept."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_liveactivity.contract import parse
from airflow_provider_liveactivity.contract.json_schema import attributes_schema, content_state_schema
from airflow_provider_liveactivity.contract.swift import UnreadableSwift, read_contract
from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.models.schema import check_schema
from tests.unit.contract_cases.apps import APPS
from tests.unit.contract_cases.refusals import REFUSALS
from tests.unit.contract_cases.values import VALUES

CASES = Path(__file__).with_name("contract_cases")


def written(tmp_path: Path, source: str, name: str = "Match.swift") -> Path:
    path = tmp_path / name
    path.write_text(source, "utf-8")
    return path


def app(tmp_path: Path, members: str) -> Path:
    """Write an app whose content state has these members; they begin in line 4."""
    lines = ("import ActivityKit", "struct MatchAttributes: ActivityAttributes {")
    state = ("struct ContentState: Codable, Hashable {", members, "}")
    return written(tmp_path, "\n".join([*lines, *state, "}"]))


def unreadable(*files: Path, type_name: str | None = None) -> list[str]:
    with pytest.raises(UnreadableSwift) as refused:
        read_contract(files, type_name)
    return refused.value.problems


@pytest.mark.parametrize(("members", "state", "error"), VALUES)
def test_a_state_is_accepted_exactly_if_swift_decodes_it(
    tmp_path: Path, members: str, state: dict[str, Any], error: str | None
) -> None:
    path = app(tmp_path, members)
    if error is None:
        check_schema(state, path)
    else:
        with pytest.raises(InvalidPayload) as refused:
            check_schema(state, path)
        assert error in str(refused.value)


@pytest.mark.parametrize(("members", "problem"), REFUSALS)
def test_what_only_a_guess_could_read_is_named_with_file_and_line(
    tmp_path: Path, members: str, problem: str
) -> None:
    path = app(tmp_path, members)
    problems = unreadable(path)
    assert any(problem in text for text in problems), problems
    assert all(text.startswith(f"{path}:") for text in problems)


def test_everything_that_cannot_be_read_is_named_at_once(tmp_path: Path) -> None:
    path = app(
        tmp_path, "var team: Team\n@Clamped var home: Int\nvar phase: Phase\nenum Phase: Codable { case a }"
    )
    assert [problem.partition(": ")[0] for problem in unreadable(path)] == [
        f"{path}:{line}" for line in (4, 5, 7)
    ]


@pytest.mark.parametrize(("file", "part", "value", "error"), APPS)
def test_the_contracts_of_whole_apps(file: str, part: str, value: dict[str, Any], error: str | None) -> None:
    contract = read_contract([CASES / file])
    schema = content_state_schema(contract) if part == "content_state" else attributes_schema(contract)
    if error is None:
        check_schema(value, schema, part)
    else:
        with pytest.raises(InvalidPayload, match=error):
            check_schema(value, schema, part)


@pytest.mark.parametrize("path", sorted(CASES.glob("*.swift")), ids=lambda path: path.stem)
def test_half_a_file_gives_the_contract_of_the_whole_file_or_none(path: Path, tmp_path: Path) -> None:
    source, whole = path.read_text("utf-8"), read_contract([path])
    for end in range(0, len(source), 9):
        half = written(tmp_path, source[:end])
        with suppress(UnreadableSwift):
            assert read_contract([half]) == whole, end


def test_the_written_schema_says_the_same_as_the_swift_file(tmp_path: Path) -> None:
    path = CASES / "Flight.swift"
    schema = written(tmp_path, json.dumps(content_state_schema(read_contract([path]))), "state.json")
    for given in (path, schema):
        with pytest.raises(
            InvalidPayload, match=r"^content_state\.status is missing \(expected FlightStatus\)\.$"
        ):
            check_schema({"departure": 0, "legs": []}, given)


def test_types_may_lie_in_several_files_and_extensions(tmp_path: Path) -> None:
    attributes = written(tmp_path, "struct Ride: ActivityAttributes { let car: Vehicles.Car }", "Ride.swift")
    state = "extension Ride { struct ContentState: Codable, Hashable { var phase: Phase } }"
    phase = "extension Ride.ContentState { enum Phase: String, Codable { case waiting } }"
    car = "extension Vehicles { struct Car { var plate: String } }\nextension Vehicles.Car: Codable {}"
    files = [
        attributes,
        written(tmp_path, f"{state}\n{phase}", "State.swift"),
        written(tmp_path, f"enum Vehicles {{}}\n{car}", "Car.swift"),
    ]
    contract = read_contract(files)
    check_schema({"phase": "waiting"}, content_state_schema(contract))
    check_schema({"car": {"plate": "AB 12"}}, attributes_schema(contract), "attribute_info")
    assert unreadable(files[0], files[1]) == [
        f"{attributes}:1: Ride.car has the type Vehicles.Car, which is not in the files"
    ]


def test_a_custom_decoder_in_an_extension_of_another_file_is_named(tmp_path: Path) -> None:
    extension = "extension MatchAttributes.ContentState { init(from decoder: Decoder) throws {} }"
    other = written(tmp_path, extension, "Decoding.swift")
    assert unreadable(app(tmp_path, "var home: Int"), other) == [
        f"{other}:1: MatchAttributes.ContentState has a custom init(from:)"
    ]


def test_a_decoder_that_a_protocol_brings_is_named(tmp_path: Path) -> None:
    protocol = "protocol Lenient: Codable {}\nextension Lenient { init(from decoder: Decoder) throws {} }"
    other = written(tmp_path, protocol, "Lenient.swift")
    path = app(tmp_path, "var team: Team\nstruct Team: Lenient {}")
    assert unreadable(path, other) == [f"{other}:2: Lenient has a custom init(from:)"]


def test_an_extension_that_replaces_decoding_is_named(tmp_path: Path) -> None:
    function = "func decode(_ type: Int.Type, forKey key: Key) throws -> Int { 0 }"
    other = written(tmp_path, f"extension KeyedDecodingContainer {{ {function} }}", "Decoding.swift")
    assert unreadable(app(tmp_path, "var home: Int"), other) == [
        f"{other}:1: the extension of KeyedDecodingContainer replaces Swift's own decoding"
    ]


def test_a_name_means_the_innermost_type(tmp_path: Path) -> None:
    path = app(
        tmp_path, "var team: Team\nvar other: MatchAttributes.Team\nstruct Team: Codable { var id: Int }"
    )
    text = path.read_text("utf-8").rstrip().removesuffix("}")
    path.write_text(
        f"{text} struct Team: Codable {{ var id: String }}\n}}\nstruct Team: Codable {{}}", "utf-8"
    )
    check_schema({"team": {"id": 1}, "other": {"id": "1"}}, path)


def test_a_type_of_the_app_goes_before_one_of_the_library(tmp_path: Path) -> None:
    path = app(tmp_path, "var date: Date\nvar real: Foundation.Date\nstruct Date: Codable { var day: Int }")
    check_schema({"date": {"day": 1}, "real": 5}, path)


def test_the_content_state_may_be_an_alias(tmp_path: Path) -> None:
    state = "struct MatchState: Codable, Hashable { var home: Int }"
    path = written(
        tmp_path, f"struct A: ActivityAttributes {{ typealias ContentState = MatchState }}\n{state}"
    )
    with pytest.raises(InvalidPayload, match=r"content_state\.home is missing"):
        check_schema({}, path)


def test_a_type_that_is_declared_twice_is_named(tmp_path: Path) -> None:
    path = app(tmp_path, "var team: Team\nstruct Team: Codable {}\nstruct Team: Codable { var id: Int }")
    name = "MatchAttributes.ContentState.Team"
    assert unreadable(path) == [f"{path}:6: {name} is declared a second time, first at {path}:5"]


def test_what_the_contract_does_not_use_may_be_unreadable(tmp_path: Path) -> None:
    view = 'struct Card: View { var body: some View { Text("\\(1)") } }\n#Preview { Card() }'
    unused = "struct Unused<T>: Codable { var it: T }\n#if DEBUG\nfunc trace() {}\n#endif"
    path = app(tmp_path, f"var home: Int\n{unused}")
    path.write_text(path.read_text("utf-8") + "\n" + view, "utf-8")
    check_schema({"home": 1}, path)


def test_a_file_of_several_activities_needs_the_name_of_one(tmp_path: Path) -> None:
    body = "{ struct ContentState: Codable, Hashable { var %s: Int } }"
    nested = f"enum Apps {{ struct B: ActivityAttributes {body % 'b'} }}"
    path = written(tmp_path, f"struct A: ActivityAttributes {body % 'a'}\n{nested}")
    assert unreadable(path) == [
        f"{path}: several structs conform to ActivityAttributes; name one: A or Apps.B"
    ]
    assert unreadable(path, type_name="C") == [
        f"{path}: no struct C conforms to ActivityAttributes, but A or Apps.B"
    ]
    check_schema({"a": 1}, f"{path}#A")
    check_schema({"b": 1}, f"{path}#Apps.B")
    with pytest.raises(InvalidPayload, match=r"^content_state_schema: .*several structs"):
        check_schema({}, path)


@pytest.mark.parametrize(
    ("source", "problem"),
    [
        ("struct Match: Codable {}", "no struct conforms to ActivityAttributes"),
        ("struct A: ActivityAttributes {}", "A has no struct ContentState in these files"),
        (
            "struct A: ActivityAttributes { enum ContentState: String, Codable { case a } }",
            "A has no struct ContentState in these files",
        ),
    ],
)
def test_an_activity_needs_attributes_and_a_state(tmp_path: Path, source: str, problem: str) -> None:
    assert problem in unreadable(written(tmp_path, source))[0]


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "Match.swift"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(
        InvalidPayload, match=r"^content_state_schema: .*Match\.swift cannot be read \(\w+\)\.$"
    ):
        check_schema({}, path)


def test_the_example_of_the_docs_gives_the_error_of_the_docs(tmp_path: Path) -> None:
    page = (CASES.parents[2] / "docs" / "contract.md").read_text("utf-8")
    [source] = re.findall(r"^```swift\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    path = written(tmp_path, source)
    check_schema({"home": 0, "away": 0, "phase": "1H"}, path)
    check_schema({"home": "Chiefs", "away": "Bills"}, path, "activity_attributes")
    with pytest.raises(InvalidPayload) as refused:
        check_schema({"home": "0", "away": 0, "phase": "first half"}, path)
    [quoted] = re.findall(r"((?:^> .*\n)+)", page, re.MULTILINE)
    assert str(refused.value) == quoted.replace("> ", "").replace("\n", " ").strip()


@pytest.fixture
def no_tree_sitter(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An environment without the extra."""
    parse._parser.cache_clear()
    monkeypatch.setitem(sys.modules, "tree_sitter_swift", None)
    yield
    parse._parser.cache_clear()


@pytest.mark.usefixtures("no_tree_sitter")
def test_without_the_extra_a_swift_file_says_how_to_install_it(tmp_path: Path) -> None:
    with pytest.raises(
        parse.SwiftNotInstalled, match=r"pip install 'airflow-provider-liveactivity\[swift\]'"
    ):
        check_schema({}, app(tmp_path, "var home: Int"))
