from __future__ import annotations

from collections.abc import Iterator

import pytest

from airflow_provider_liveactivity.hooks._base import LiveActivityHook
from airflow_provider_liveactivity.http.retries import RetryConfig
from airflow_provider_liveactivity.sandbox import RunningSandbox, running_sandbox
from tests.support.vendor_adapters import ADAPTERS, USERS, Adapter


@pytest.fixture(scope="session")
def server() -> Iterator[RunningSandbox]:
    with running_sandbox() as running:
        yield running


@pytest.fixture
def sandbox(server: RunningSandbox, monkeypatch: pytest.MonkeyPatch) -> RunningSandbox:
    """The vendors, empty but for their audiences, behind Airflow's default connections."""
    server.sandbox.reset(settings=True)
    server.sandbox.put_campaign("match-1", USERS)
    server.sandbox.put_segment("fans", "Fans", USERS)
    for adapter in ADAPTERS:
        name = f"AIRFLOW_CONN_{adapter.vendor.upper()}_DEFAULT"
        monkeypatch.setenv(name, adapter.connection(server.url))
    # The waits between tries have tests of their own, on a clock that costs no time.
    monkeypatch.setattr(LiveActivityHook, "default_retry", RetryConfig(first_wait=0.001))
    return server


@pytest.fixture(params=ADAPTERS, ids=lambda adapter: adapter.vendor)
def adapter(request: pytest.FixtureRequest) -> Adapter:
    chosen: Adapter = request.param
    return chosen
