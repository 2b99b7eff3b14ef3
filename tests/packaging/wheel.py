"""What a wheel of this project must and must not hold: ``python -m tests.packaging.wheel dist/*.whl``."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from collections.abc import Iterator
from email.parser import Parser
from pathlib import Path

import airflow_provider_liveactivity

REPOSITORY = Path(__file__).resolve().parents[2]
PACKAGE = airflow_provider_liveactivity.__name__
VERSION = airflow_provider_liveactivity.__version__
INFO = f"{PACKAGE}-{VERSION}.dist-info"

# Loads each entry point from the zip, and makes sure that it did not come from elsewhere.
LOAD_ENTRY_POINTS = """
import importlib.metadata, sys
wheel = sys.argv[1]
sys.path.insert(0, wheel)
[distribution] = importlib.metadata.distributions(path=[wheel])
assert distribution.entry_points
for entry_point in distribution.entry_points:
    entry_point.load()
    origin = sys.modules[entry_point.module].__file__
    assert origin.startswith(wheel), origin
"""


def sources() -> set[str]:
    """Every file of the package and of the examples, under the name that it has in the wheel."""
    places = {PACKAGE: REPOSITORY / PACKAGE, f"{PACKAGE}/example_dags": REPOSITORY / "example_dags"}
    return {
        f"{prefix}/{file.relative_to(folder).as_posix()}"
        for prefix, folder in places.items()
        for file in folder.rglob("*")
        if file.is_file() and not any(part.startswith((".", "__pycache__")) for part in file.parts)
    }


def problems(wheel: Path) -> Iterator[str]:
    """Say what is wrong with a wheel, one sentence each."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        metadata = Parser().parsestr(archive.read(f"{INFO}/METADATA").decode())
    packed = {name for name in names if not name.startswith(f"{INFO}/")}
    yield from (f"{name} is not of this package" for name in packed if not name.startswith(f"{PACKAGE}/"))
    yield from (f"{name} is missing" for name in sorted(sources() - packed))
    yield from (f"{name} is in no source folder" for name in sorted(packed - sources()))
    if f"{INFO}/licenses/LICENSE" not in names:
        yield "LICENSE is missing"
    expected = {"Version": VERSION, "License-Expression": "Apache-2.0", "Requires-Python": ">=3.11"}
    yield from (
        f"{field} is {metadata[field]}, not {value}"
        for field, value in expected.items()
        if metadata[field] != value
    )
    loading = subprocess.run(
        [sys.executable, "-c", LOAD_ENTRY_POINTS, str(wheel)], check=False, capture_output=True, text=True
    )
    if loading.returncode:
        yield f"an entry point does not load: {loading.stderr}"


if __name__ == "__main__":
    found = [problem for argument in sys.argv[1:] for problem in problems(Path(argument).resolve())]
    sys.exit("\n".join(found) or 0)
