"""The picture with which the demo ends."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from airflow_provider_liveactivity.sandbox import RunningSandbox
from demo import picture
from demo.scene import Scene
from tests.support.browser import needs_browser


@needs_browser
def test_the_picture_is_a_file_and_its_path_is_told(
    sandbox: RunningSandbox, scene: Scene, tmp_path: Path
) -> None:
    scene.fill(8)
    file = tmp_path / "wall.png"
    assert picture.take(sandbox.url, file) == f"The wall, as a picture: {file}"
    assert file.read_bytes().startswith(b"\x89PNG")


def test_without_a_browser_the_address_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    told = picture.take("http://127.0.0.1:1/", tmp_path / "wall.png")
    assert told == "No picture of the wall: there is no Chromium. Open http://127.0.0.1:1/ instead"
