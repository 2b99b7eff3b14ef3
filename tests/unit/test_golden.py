"""Every request that the vendors' pages show, from the models to the transport."""

from __future__ import annotations

import asyncio
import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from airflow_provider_liveactivity.delivery.rate_limit import RateLimiter
from airflow_provider_liveactivity.http.client import Client
from airflow_provider_liveactivity.http.connection import WorkspaceConfig
from airflow_provider_liveactivity.models.braze import StartContent, StartLiveActivity, UpdateLiveActivity
from airflow_provider_liveactivity.models.moengage import EndBroadcast, StartBroadcast, UpdateBroadcast
from airflow_provider_liveactivity.vendors.base import Request
from airflow_provider_liveactivity.vendors.braze import Braze
from airflow_provider_liveactivity.vendors.moengage import MoEngage

GOLDEN = Path(__file__).parents[1] / "golden"
NAMES = sorted(path.stem for path in GOLDEN.glob("*.json"))
WORKSPACE = "{{Workspace_ID or APP_ID}}"
BRAZE, MOENGAGE = Braze("{YOUR-REST-API-KEY}"), MoEngage(WORKSPACE, "{{Push_API_key}}")
BASIC = base64.b64encode(f"{WORKSPACE}:{{{{Push_API_key}}}}".encode()).decode()
MOMENTS = {"stale_date", "dismissal_date"}


def golden(name: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((GOLDEN / f"{name}.json").read_text("utf-8"))
    return content


def without(body: dict[str, Any], extra: dict[str, Any]) -> dict[str, Any]:
    """Return a body without its extra fields."""
    return {
        name: without(value, extra[name]) if isinstance(extra.get(name), dict) else value
        for name, value in body.items()
        if isinstance(extra.get(name, {}), dict)
    }


def arguments(name: str) -> dict[str, Any]:
    """Return the arguments of the model that is sent as the golden body."""
    extra = golden(name).get("extra_fields", {})
    return without(golden(name)["body"], extra) | {"extra_fields": extra}


def request(name: str) -> Request:
    body = arguments(name)
    match name.split("_")[:2]:
        case ["braze", "start"]:
            return BRAZE.start(StartLiveActivity.build(**body))
        case ["braze", "update" | "end"]:
            return BRAZE.update(UpdateLiveActivity.build(**body))
        case ["moengage", verb]:
            # Epoch seconds are what MoEngage gets; users give moments.
            moments = {key: _iso(value) for key, value in body["ios"].items() if key in MOMENTS}
            body = body | {"ios": body["ios"] | moments}
            match verb:
                case "start":
                    return MOENGAGE.start(StartBroadcast.build(**body))
                case "update":
                    return MOENGAGE.update(UpdateBroadcast.build(**body))
                case "end":
                    return MOENGAGE.end(EndBroadcast.build(**body))
    raise AssertionError(f"no vendor and verb in the name {name}")


def _iso(epoch_seconds: int) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat()


def on_the_wire(made: Request) -> httpx.Request:
    seen: list[httpx.Request] = []

    def answer(wire: httpx.Request) -> httpx.Response:
        seen.append(wire)
        return httpx.Response(201, json={"message": "success"})

    async def send() -> None:
        account = WorkspaceConfig(BRAZE, "https://rest.iad-01.braze.com")
        async with Client(account, RateLimiter(), transport=httpx.MockTransport(answer)) as client:
            await client.send(made)

    asyncio.run(send())
    (wire,) = seen
    return wire


@pytest.mark.parametrize("name", NAMES)
def test_a_request_leaves_as_the_vendors_page_shows_it(name: str) -> None:
    expected, wire = golden(name), on_the_wire(request(name))
    headers = {key: value.replace(BASIC, "{{Authorization_Key}}") for key, value in wire.headers.items()}
    del headers["host"], headers["content-length"]
    assert (wire.method, wire.url.path, wire.url.query) == (expected["method"], expected["path"], b"")
    assert headers == {key.lower(): value for key, value in expected["headers"].items()}
    assert json.loads(wire.content) == expected["body"]


@pytest.mark.parametrize(
    "name", ["braze_start_external_user_ids", "braze_start_ids_and_aliases", "braze_start_extra_fields"]
)
def test_a_batch_of_a_large_send_is_the_same_request(name: str) -> None:
    body = arguments(name)
    ids = body.pop("external_user_ids")
    aliases = [(alias["alias_name"], alias["alias_label"]) for alias in body.pop("user_aliases", ())]
    batch = BRAZE.starts(StartContent.build(**body)).request(ids, aliases)
    whole = request(name)
    assert json.loads(batch.body) == json.loads(whole.body)
    assert (batch.recipients, batch.retry_safety, batch.headers) == (
        whole.recipients,
        whole.retry_safety,
        whole.headers,
    )


def test_every_verb_of_both_vendors_has_a_golden_request() -> None:
    verbs = {("braze", verb) for verb in ("start", "update", "end")}
    verbs |= {("moengage", verb) for verb in ("start", "update", "end")}
    assert {tuple(name.split("_")[:2]) for name in NAMES} == verbs


@pytest.mark.parametrize("name", NAMES)
def test_a_golden_request_says_where_it_is_from_and_is_called_what_it_is(name: str) -> None:
    content = golden(name)
    vendor, verb = name.split("_")[:2]
    assert content["source"].startswith(f"https://www.{vendor}.com/docs/")
    assert request(name).verb == verb
