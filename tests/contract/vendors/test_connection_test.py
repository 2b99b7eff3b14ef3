"""Airflow's connection test: it asks the vendor, sends nothing to users, and reports the result."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.http.network_errors import describe, network_error
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.raw_server import raw_server, self_signed
from tests.support.vendor_adapters import BRAZE, MOENGAGE, Adapter

CAMPAIGN = {"campaign_api_key": "sandbox-campaign-key"}
DATA = {"data_api_key": "sandbox-data-key"}
INFORM = {"inform_api_key": "sandbox-inform-key"}
WRONG = "wr0ng-k3y"
SEARCH, SEGMENTS = "/core-services/v1/campaigns/search", "/v3/custom-segments"


@pytest.fixture
def outcome(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Test a connection as Airflow does: under an id of its own, through ``Connection.test_connection``."""

    def test(adapter: Adapter, url: str, **changes: Any) -> tuple[bool, str]:
        monkeypatch.setenv("AIRFLOW_CONN_TRANSIENT", adapter.connection(url, **changes))
        hook = {"braze": BrazeHook, "moengage": MoEngageHook}[adapter.vendor]("transient")
        good, message = hook.test_connection()
        assert not any(key in message for key in (WRONG, *CAMPAIGN.values(), adapter.key, "transient"))
        return good, message

    return test


def asked(sandbox: RunningSandbox) -> list[tuple[str, str]]:
    return [(record.method, record.path) for record in sandbox.sandbox.records]


def test_a_good_braze_key(sandbox: RunningSandbox, outcome: Any) -> None:
    good, message = outcome(BRAZE, sandbox.url)
    assert good
    assert message.startswith(
        f"{sandbox.url} accepts the key. Only a send shows whether it also has the permissions messages."
    )
    assert asked(sandbox) == [("GET", "/segments/list")]


def test_a_braze_key_without_the_permission_that_the_test_needs_is_good(
    sandbox: RunningSandbox, outcome: Any
) -> None:
    sandbox.sandbox.change_settings(braze_permissions=["messages.live_activity.start"])
    good, message = outcome(BRAZE, sandbox.url)
    assert good
    assert "lacks the permission segments.list" in message


def test_a_wrong_braze_key_or_instance(sandbox: RunningSandbox, outcome: Any) -> None:
    good, message = outcome(BRAZE, sandbox.url, password=WRONG)
    assert not good
    assert "the REST API key is wrong, or it belongs to another instance" in message


@pytest.mark.parametrize(
    ("extra", "good", "sentences", "paths"),
    [
        (
            CAMPAIGN | DATA | INFORM,
            True,
            [
                "accepts campaign_api_key and data_api_key",
                "Not tested: the password (Push key) and inform_api",
            ],
            [("POST", SEARCH), ("GET", SEGMENTS)],
        ),
        (CAMPAIGN, True, ["accepts campaign_api_key.", "Not tested: the password"], [("POST", SEARCH)]),
        (
            CAMPAIGN | {"data_api_key": WRONG},
            False,
            ["data_api_key: ", "the key of the Data tile", "accepts campaign_api_key."],
            [("POST", SEARCH), ("GET", SEGMENTS)],
        ),
        ({"campaign_api_key": WRONG}, False, ["campaign_api_key: ", "answered 401"], [("POST", SEARCH)]),
        ({}, True, ["knows the workspace.", "Not tested: the password (Push key), be"], [("GET", SEGMENTS)]),
    ],
)
def test_each_key_of_moengage_is_proved_or_named_as_not_tested(
    sandbox: RunningSandbox,
    outcome: Any,
    extra: dict[str, str],
    good: bool,
    sentences: list[str],
    paths: list[tuple[str, str]],
) -> None:
    found, message = outcome(MOENGAGE, sandbox.url, extra=extra)
    assert found is good
    assert all(sentence in message for sentence in sentences), message
    assert asked(sandbox) == paths


def test_a_workspace_that_moengage_does_not_know(sandbox: RunningSandbox, outcome: Any) -> None:
    good, message = outcome(MOENGAGE, sandbox.url, login="ELSEWHERE")
    assert not good
    assert "does not know the workspace" in message


def test_the_key_of_the_inform_tile_alone_will_do(sandbox: RunningSandbox, outcome: Any) -> None:
    good, message = outcome(MOENGAGE, sandbox.url, password=None, extra=INFORM)
    assert good
    assert message.endswith("reads with such a key.")
    assert "Push" not in message


@pytest.mark.parametrize(
    ("adapter", "changes", "advice"),
    [
        (BRAZE, {"password": None}, "the password, which must hold the REST API key, is missing."),
        (MOENGAGE, {"password": None}, "The connection has no key: give at least the Push API key"),
        (MOENGAGE, {"login": None}, "the login, which must hold the workspace ID, is missing."),
        (BRAZE, {"host": ""}, "instance must be one of US-01"),
        (MOENGAGE, {"host": ""}, "data_center must be one of 01"),
        (BRAZE, {"host": "http://rest.iad-01.braze.com"}, "host must be reached over https"),
    ],
)
def test_a_missing_field_is_reported_without_a_request(
    sandbox: RunningSandbox, outcome: Any, adapter: Adapter, changes: dict[str, Any], advice: str
) -> None:
    good, message = outcome(adapter, sandbox.url, **changes)
    assert not good
    assert message.startswith(advice)
    assert asked(sandbox) == []


def test_a_refused_connection(outcome: Any, adapter: Adapter) -> None:
    good, message = outcome(adapter, "http://127.0.0.1:1")
    assert not good
    assert message.startswith("http://127.0.0.1:1 refuses connections")


def test_a_host_that_does_not_exist(outcome: Any, adapter: Adapter, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: Any, **__: Any) -> Any:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    host = {"braze": "rest.iad-77.braze.com", "moengage": "api-77.moengage.com"}[adapter.vendor]
    good, message = outcome(adapter, host)
    assert not good
    assert message.startswith(f"The name of the host in https://{host} cannot be resolved")


def test_a_server_that_never_answers_costs_one_time_out(outcome: Any, adapter: Adapter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        good, message = outcome(adapter, url, extra={"read_timeout": 0.2, **CAMPAIGN, **DATA})
    assert not good
    assert message == f"{url} accepted the request, but did not answer within 0.2 seconds (read_timeout)."


@pytest.mark.parametrize(
    ("cause", "said"),
    [
        (httpx.ConnectTimeout(""), "could not be reached within 7 seconds (connect_timeout)"),
        (httpx.ProxyError(""), "The proxy in the connection's extra did not let the request through"),
        (ExceptionGroup("both addresses", [OSError(), ssl.SSLError()]), "No TLS connection to"),
    ],
)
def test_network_errors_that_no_local_server_can_cause(cause: Exception, said: str) -> None:
    kind = network_error(cause)
    assert kind is not None
    assert said in describe(kind, "https://rest.iad-01.braze.com", connect=7, read=30)


@contextmanager
def served(*answers: bytes, **options: Any) -> Iterator[str]:
    """Serve raw answers from a thread."""
    loop, up, address = asyncio.new_event_loop(), threading.Event(), list[str]()
    over = asyncio.Event()

    async def serve() -> None:
        async with raw_server(*answers, **options) as heard:
            address.append(heard.host)
            up.set()
            await over.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        assert up.wait(60)
        yield address[0]
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()


def test_an_untrusted_certificate(outcome: Any, adapter: Adapter, tmp_path: Path) -> None:
    with served(b"", context=self_signed(tmp_path)) as address:
        good, message = outcome(adapter, f"https://{address}")
    assert not good
    assert message.startswith(f"The TLS certificate of https://{address} is not trusted")


def test_a_server_that_closes_the_connection(outcome: Any, adapter: Adapter) -> None:
    with served(b"") as address:
        good, message = outcome(adapter, f"http://{address}")
    assert not good
    assert message.startswith(f"http://{address} accepted the connection, but sent no readable response")


def test_https_to_a_port_of_http(sandbox: RunningSandbox, outcome: Any, adapter: Adapter) -> None:
    url = sandbox.url.replace("http:", "https:")
    good, message = outcome(adapter, url)
    assert not good
    assert message.startswith(f"No TLS connection to {url} could be opened")


@pytest.mark.parametrize(("fault", "status"), [("503", 503), ("429", 429)])
def test_an_unavailable_vendor_is_asked_once(
    sandbox: RunningSandbox, outcome: Any, adapter: Adapter, fault: str, status: int
) -> None:
    sandbox.sandbox.add_fault(fault, times=9)
    good, message = outcome(adapter, sandbox.url)
    assert not good
    assert message.startswith(f"{sandbox.url} answered {status}: ")
    assert len(asked(sandbox)) == 1


def test_a_server_that_is_not_the_vendors(outcome: Any) -> None:
    body = json.dumps({"hello": "world"}).encode()
    with served(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)) as address:
        good, message = outcome(BRAZE, f"http://{address}")
    assert not good
    assert "not like Braze" in message
