"""The wheel beside each supported Airflow, with exactly the versions that this Airflow is released with."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.wheel import REPOSITORY

LISTS = sorted(Path(__file__).parent.glob("airflow-*.txt"))


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, check=False, capture_output=True, text=True, env={**os.environ, **environment}
    )


@pytest.fixture(scope="module")
def uv() -> Path:
    found = shutil.which("uv", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        pytest.skip("uv is not installed: 'make install' installs it.")
    # A package that is installed already, asked for anew.
    question = (
        "pip",
        "install",
        "--python",
        sys.executable,
        "--dry-run",
        "--no-deps",
        "--reinstall",
        "--no-cache",
    )
    if run(found, *question, "iniconfig", UV_HTTP_RETRIES="0").returncode:
        pytest.skip("No package registry can be reached.")
    return Path(found)


def test_every_supported_airflow_has_a_list() -> None:
    assert [path.stem for path in LISTS] == ["airflow-3.1.8", "airflow-3.2.2", "airflow-3.3.2"]


@pytest.mark.parametrize("versions", LISTS, ids=lambda path: path.stem)
def test_the_wheel_works_beside_a_stock_airflow(
    uv: Path, wheel: Path, versions: Path, tmp_path: Path
) -> None:
    python = tmp_path / "venv" / "bin" / "python"
    base: str = getattr(sys, "_base_executable", sys.executable)
    made = run(uv, "venv", "--python", base, tmp_path / "venv")
    assert made.returncode == 0, made.stderr
    installed = run(uv, "pip", "install", "--python", python, "--requirement", versions, wheel)
    assert installed.returncode == 0, installed.stderr
    checked = run(python, REPOSITORY / ".ci" / "installed.py", AIRFLOW_HOME=str(tmp_path / "airflow"))
    assert checked.returncode == 0, checked.stderr
    assert f"beside Airflow {versions.stem.removeprefix('airflow-')}." in checked.stdout


@pytest.mark.parametrize("python_version", ["3.11", "3.12", "3.13"])
def test_every_development_dependency_has_a_wheel(uv: Path, python_version: str) -> None:
    resolution = (
        "--group",
        "dev",
        "--only-binary",
        ":all:",
        "--no-header",
        "--python-version",
        python_version,
    )
    resolved = run(uv, "pip", "compile", REPOSITORY / "pyproject.toml", *resolution)
    assert resolved.returncode == 0, resolved.stderr
