from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.packaging.wheel import REPOSITORY


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    # The backend itself: a front end would first make an environment, over the network.
    code = "import sys, hatchling.build; hatchling.build.build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", code, str(folder)], check=True, cwd=REPOSITORY, capture_output=True)
    [built] = folder.glob("*.whl")
    return built
