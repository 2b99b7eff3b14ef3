from __future__ import annotations

from collections.abc import Iterator

import pytest

from airflow_provider_liveactivity.sandbox import RunningSandbox, running_sandbox
from tests.support.clock import Clock
from tests.support.sandbox_clients import START_TIME, Api, BrazeClient, MoEngageClient


@pytest.fixture(scope="session")
def clock_and_server() -> Iterator[tuple[Clock, RunningSandbox]]:
    clock = Clock(START_TIME)
    with running_sandbox(now=clock) as running:
        yield clock, running


@pytest.fixture
def clock(clock_and_server: tuple[Clock, RunningSandbox]) -> Clock:
    clock = clock_and_server[0]
    clock.moment = START_TIME
    return clock


@pytest.fixture
def running(clock_and_server: tuple[Clock, RunningSandbox], clock: Clock) -> RunningSandbox:
    running = clock_and_server[1]
    running.sandbox.reset(settings=True)
    return running


@pytest.fixture
def braze(running: RunningSandbox) -> Iterator[BrazeClient]:
    with BrazeClient(running.url) as client:
        yield client


@pytest.fixture
def moengage(running: RunningSandbox) -> Iterator[MoEngageClient]:
    running.sandbox.put_campaign("match-7", ["ada", "bob", "eve"])
    with MoEngageClient(running.url) as client:
        yield client


@pytest.fixture
def api(running: RunningSandbox) -> Iterator[Api]:
    with Api(running.url) as client:
        yield client
