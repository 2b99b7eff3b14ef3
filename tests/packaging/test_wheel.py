"""The package as users receive it."""

from __future__ import annotations

import re
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.packaging.wheel import INFO, PACKAGE, REPOSITORY, VERSION, problems


def test_the_wheel_holds_the_package_and_the_examples_and_nothing_else(wheel: Path) -> None:
    assert list(problems(wheel)) == []


@pytest.mark.parametrize(
    "pattern",
    [
        "py.typed",
        r"sandbox/wall/index\.html",
        r"sandbox/wall/main\.js",
        r"ui/card\.js",
        r"example_dags/.*\.py",
    ],
)
def test_the_wheel_holds_more_than_modules(wheel: Path, pattern: str) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert any(re.fullmatch(f"{PACKAGE}/{pattern}", name) for name in names)


def test_the_wheel_names_its_extra_and_the_tests_install_it(wheel: Path) -> None:
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())
    extra = project["project"]["optional-dependencies"]["swift"]
    assert set(extra) <= {line for line in project["dependency-groups"]["test"] if isinstance(line, str)}
    with zipfile.ZipFile(wheel) as archive:
        metadata = archive.read(f"{INFO}/METADATA").decode()
    required = re.findall(r"^Requires-Dist: (.*); extra == 'swift'$", metadata, re.MULTILINE)
    assert sorted(required) == sorted(extra)


def test_a_stranger_in_the_wheel_is_noticed(wheel: Path, tmp_path: Path) -> None:
    spoilt = tmp_path / wheel.name
    spoilt.write_bytes(wheel.read_bytes())
    with zipfile.ZipFile(spoilt, "a") as archive:
        archive.writestr("tests/test_something.py", "")
    assert "tests/test_something.py is not of this package" in list(problems(spoilt))


def test_the_newest_entry_of_the_changelog_is_this_version() -> None:
    [newest, *_] = re.findall(r"^## (\S+)", (REPOSITORY / "CHANGELOG.md").read_text(), flags=re.MULTILINE)
    assert newest == VERSION
