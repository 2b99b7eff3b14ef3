"""No key and no external id in logs at DEBUG, errors, tracebacks or reprs."""

from __future__ import annotations

import asyncio
import base64
import json
import logging
import traceback
from collections.abc import Iterable

import pytest

from airflow_provider_liveactivity.delivery.rate_limit import RateLimiter
from airflow_provider_liveactivity.errors import LiveActivityError
from airflow_provider_liveactivity.http.client import Client
from airflow_provider_liveactivity.http.connection import Timeouts, WorkspaceConfig
from airflow_provider_liveactivity.http.redaction import redact_header
from airflow_provider_liveactivity.http.retries import RetryConfig
from airflow_provider_liveactivity.models.braze import StartLiveActivity
from airflow_provider_liveactivity.vendors.base import Request
from tests.support.clock import Clock
from tests.support.raw_server import raw_server
from tests.support.scripted_vendor import BRAZE, BROADCAST_REQUEST, KEY, MOENGAGE, START, UPDATE_REQUEST

PEOPLE = ["ada@example.com", "josé-7"]
ALIAS = {"alias_name": "ada-login", "alias_label": "login"}
START_REQUEST = BRAZE.start(StartLiveActivity.build(**START, external_user_ids=PEOPLE, user_aliases=[ALIAS]))
BASIC = base64.b64encode(f"WORKSPACE:{KEY}".encode()).decode()
NAMES = [*PEOPLE, json.dumps(PEOPLE[1])[1:-1], ALIAS["alias_name"]]
ECHO = json.dumps(
    {"message": f"Invalid API key: {KEY}; Basic {BASIC}; unknown users {PEOPLE}, {ALIAS['alias_name']}"}
)


def answer(status: int, body: str = ECHO, *headers: str) -> bytes:
    lines = (f"HTTP/1.1 {status} X", f"Content-Length: {len(body.encode())}", *headers)
    return ("\r\n".join(lines) + f"\r\n\r\n{body}").encode()


SPOKEN = f"{'x' * 100}-{KEY}-{PEOPLE[0]}-{ALIAS['alias_name']}-{'x' * 3_000}"
IDS_OF_REQUESTS = [(502, SPOKEN), (429, PEOPLE[1]), (400, SPOKEN)]
FAR = "X-RateLimit-Reset: 4102444800"
SCRIPTS = {
    "accepted": [answer(201)],
    "retried": [answer(502), answer(429), answer(201)],
    "limited": [answer(429), answer(429, ECHO, FAR)],
    "redirected": [answer(307, ECHO, "Location: https://elsewhere.example.com/")],
    "page": [answer(200, f"<html>{KEY} {PEOPLE[0]}</html>", "Content-Type: text/html")] * 3,
    "request id": [answer(status, "{}", f"X-Request-Id: {one}") for status, one in IDS_OF_REQUESTS],
    "broken header": [f"HTTP/1.1 201 X\r\nunknown user {PEOPLE[0]}, key {KEY}\r\n\r\n".encode()] * 3,
    "broken status": [f"unknown user {PEOPLE[0]}, key {KEY}\r\n\r\n".encode()] * 3,
    "garbage": [b"garbage\r\n\r\nConnection: close"] * 3,
    "closed": [b""] * 3,
    **{str(status): [answer(status)] * 3 for status in (400, 401, 403, 404, 413, 415, 418, 500, 502, 503)},
}


def shown(error: BaseException) -> Iterable[str]:
    """Everything that a log, a UI or a debugger may show of an error."""
    yield from traceback.format_exception(error)
    chain: BaseException | None = error
    while chain is not None:
        yield from (repr(chain), str(chain), repr(vars(chain)), repr(chain.args))
        chain = chain.__cause__ or chain.__context__


@pytest.mark.parametrize("script", SCRIPTS.values(), ids=SCRIPTS.keys())
@pytest.mark.parametrize(
    "request_", [START_REQUEST, UPDATE_REQUEST, BROADCAST_REQUEST], ids=["start", "update", "push"]
)
@pytest.mark.parametrize("by_proxy", [False, True], ids=["direct", "proxy"])
def test_neither_key_nor_person_shows_on_any_path(
    request_: Request, script: list[bytes], by_proxy: bool, caplog: pytest.LogCaptureFixture
) -> None:
    vendor = MOENGAGE if request_ is BROADCAST_REQUEST else BRAZE
    said: list[str] = []

    async def send() -> None:
        async with raw_server(*script) as (host, *_):
            url, proxy = ("http://vendor.test", f"http://{host}") if by_proxy else (f"http://{host}", None)
            account = WorkspaceConfig(vendor, url, Timeouts(read=2), proxy=proxy)
            said.append(repr(account))
            limiter = RateLimiter(sleep=Clock().async_sleep)
            async with Client(account, limiter, retry=RetryConfig(attempts=3)) as client:
                said.append(repr(client))
                result = await client.send(request_)
                said.append(repr(result))
                result.accepted()

    with caplog.at_level(logging.DEBUG):
        try:
            asyncio.run(send())
        except LiveActivityError as error:
            said.extend(shown(error))
    said.extend(record.getMessage() for record in caplog.records)
    said.extend(repr(vars(record)) for record in caplog.records if record.name.startswith("airflow_provider"))
    said.append(repr(request_))
    text = "\n".join(said)
    hidden = [
        *vendor.secrets(),
        *(NAMES if request_ is START_REQUEST else ()),
    ]  # only a start knows who is who
    assert [secret for secret in hidden if secret in text] == []
    assert "x" * 200 not in text, "a header is cut"


def test_the_proof_above_would_see_a_leak(caplog: pytest.LogCaptureFixture) -> None:
    error = ValueError(f"key {KEY}")
    assert any(KEY in text for text in shown(error))
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("any.library").debug("key %s", KEY)
    assert any(KEY in record.getMessage() for record in caplog.records)


def test_a_proxys_password_does_not_show_either() -> None:
    account = WorkspaceConfig(BRAZE, "https://rest.iad-01.braze.com", proxy="http://user:hunter2@proxy:3128")
    assert "hunter2" not in repr(account)


def test_the_vendors_id_of_a_request_is_short_and_hides_what_the_body_hides() -> None:
    shown = redact_header(SPOKEN, (KEY,), START_REQUEST.ids)
    assert shown.startswith("x" * 100 + "-***-***-***-")
    assert len(shown) == 128
    assert redact_header("req-7f3a", (KEY,), START_REQUEST.ids) == "req-7f3a"
    mojibake = PEOPLE[1].encode().decode("latin-1")
    assert redact_header(f"for {mojibake}", (KEY,), START_REQUEST.ids) == "***"
    assert redact_header("\x1b[2J", (KEY,), START_REQUEST.ids) == "***"
