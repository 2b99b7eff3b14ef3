"""What Airflow's API server asks of the plugin."""

from __future__ import annotations

import sys

import pytest

from airflow_provider_liveactivity.plugin import LiveActivityPlugin


def test_airflow_starts_without_the_board_if_the_board_cannot_be_imported(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setitem(sys.modules, "airflow_provider_liveactivity.plugin.app", None)
    plugin = LiveActivityPlugin()
    assert plugin.fastapi_apps == plugin.external_views == []
    (said,) = caplog.records
    assert said.getMessage().startswith("The board of Live Activities is not available on this Airflow")
    assert said.exc_info is not None


def test_airflow_gets_the_application_the_page_and_the_tab() -> None:
    plugin = LiveActivityPlugin()
    assert [app["url_prefix"] for app in plugin.fastapi_apps] == ["/liveactivity"]
    assert [view["destination"] for view in plugin.external_views] == ["nav", "dag_run"]
