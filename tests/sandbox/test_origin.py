"""Requests from web pages of other origins: the sandbox refuses them."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpx
import pytest

from airflow_provider_liveactivity.sandbox import RunningSandbox
from airflow_provider_liveactivity.sandbox.origin import OriginGuard
from tests.support.sandbox_clients import Api, BrazeClient

START = "/messages/live_activity/start"
READS = ("/", "/activities/match-1", "/sandbox/phones", "/sandbox/settings", "/segments/list")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example.com",
        "evil.example.com:8390",
        "127.0.0.1.evil.example.com",
        "localhost.evil.example.com",
        "10.0.0.5:8390",
        "localhost@evil.example.com",
        "evil.example.com@localhost/",
        "[::1",
        "",
    ],
)
def test_a_name_that_was_rebound_to_this_machine_gets_nothing(running: RunningSandbox, host: str) -> None:
    with httpx.Client(base_url=running.url, headers={"Host": host}) as client:
        answers = [client.get(path) for path in READS]
        answers += [client.post(START, json={}), client.post("/sandbox/reset")]
        answers += [client.put("/sandbox/settings", json={"braze_key": "stolen"})]
    assert {answer.status_code for answer in answers} == {403}
    assert "sandbox-braze-key" not in "".join(answer.text for answer in answers)
    assert running.sandbox.settings.braze_key == "sandbox-braze-key"
    assert not running.sandbox.records


def test_a_request_without_a_host_or_with_two_gets_nothing(running: RunningSandbox) -> None:
    address = running.url.removeprefix("http://")
    name, port = address.split(":")
    for hosts in ("", f"Host: {address}\r\nHost: evil.example.com\r\n"):
        with socket.create_connection((name, int(port))) as connection:
            connection.sendall(f"GET /sandbox/settings HTTP/1.0\r\n{hosts}\r\n".encode())
            answer = connection.makefile("rb").read()
        assert b" 403 " in answer.splitlines()[0] or b" 400 " in answer.splitlines()[0]
        assert b"sandbox-braze-key" not in answer


@pytest.mark.parametrize("name", ["localhost", "LOCALHOST", "127.0.0.1", "127.8.9.10", "[::1]"])
def test_every_name_of_loopback_is_the_sandbox_s_at_any_port(running: RunningSandbox, name: str) -> None:
    for port in ("", ":80", ":9000"):  # a port may be forwarded
        answer = httpx.get(f"{running.url}/sandbox/phones", headers={"Host": name + port})
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example.com"},
        {"Origin": "http://localhost:3000"},
        {"Origin": "null"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
    ids=str,
)
def test_a_page_of_another_origin_writes_nothing(
    running: RunningSandbox, braze: BrazeClient, headers: dict[str, str]
) -> None:
    with httpx.Client(base_url=running.url, headers=headers) as page:
        answers = [
            page.post("/sandbox/reset", params={"settings": True}),
            page.post("/sandbox/faults", content='{"fault": "500"}', headers={"Content-Type": "text/plain"}),
            page.put("/sandbox/settings", json={"braze_limit": 0}),
            page.delete("/sandbox/faults"),
            page.post(START, json={}, headers={"Authorization": "Bearer sandbox-braze-key"}),
        ]
        assert page.get("/sandbox/phones").status_code == 200  # which such a page may not look at
    assert {answer.status_code for answer in answers} == {403}
    assert not running.sandbox.faults
    assert not running.sandbox.records
    assert braze.start().status_code == 201


def test_a_page_of_the_sandbox_s_own_and_a_program_may_write(running: RunningSandbox, api: Api) -> None:
    own: list[dict[str, str]] = [
        {"Origin": running.url, "Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
        {},
    ]
    for headers in own:
        assert api.post("/reset", headers=headers).status_code == 204


@pytest.mark.parametrize(
    ("started_with", "host", "status"),
    [
        ("demo.example.com", "demo.example.com:8390", 200),
        ("demo.example.com", "DEMO.example.com", 200),
        ("demo.example.com", "other.example.com", 403),
        ("demo.example.com", "localhost:8390", 200),
        ("0.0.0.0", "192.0.2.7:8390", 200),  # the address that the request came to
        ("0.0.0.0", "192.0.2.8:8390", 403),
        ("::1", "[::1]:8390", 200),
    ],
)
def test_the_name_that_it_was_started_with_is_its_own(started_with: str, host: str, status: int) -> None:
    answered: list[int] = []

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            answered.append(message["status"])

    scope = {
        "type": "http",
        "method": "GET",
        "headers": [(b"host", host.encode())],
        "server": ("192.0.2.7", 8390),
    }
    asyncio.run(OriginGuard(app, started_with)(scope, None, send))
    assert answered == [status]
