"""A vendor whose responses a test lists in advance; the real client sends to it on a clock of the tests."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from airflow_provider_liveactivity.delivery.rate_limit import RateLimiter, RateRules
from airflow_provider_liveactivity.errors import LiveActivityError
from airflow_provider_liveactivity.http.client import Client, SendResult
from airflow_provider_liveactivity.http.connection import WorkspaceConfig
from airflow_provider_liveactivity.http.retries import RetryConfig
from airflow_provider_liveactivity.models.braze import StartLiveActivity, UpdateLiveActivity
from airflow_provider_liveactivity.models.moengage import StartBroadcast, UpdateBroadcast, flat
from airflow_provider_liveactivity.vendors.base import Request
from airflow_provider_liveactivity.vendors.braze import Braze
from airflow_provider_liveactivity.vendors.moengage import MoEngage
from tests.support.clock import Clock

KEY = "k3y-that-must-not-show"
PEOPLE = ("ada@example.com", "bob-7")
BRAZE, MOENGAGE = Braze(KEY), MoEngage("WORKSPACE", KEY)

START: dict[str, Any] = {
    "app_id": "app",
    "activity_id": "match-1",
    "activity_attributes_type": "MatchAttributes",
    "activity_attributes": {"home": "Chiefs"},
    "content_state": {"score": "0 - 0"},
    "notification": {"alert": {"title": "Kick-off", "body": "It has started"}},
}
UPDATE: dict[str, Any] = {"app_id": "app", "activity_id": "match-1", "content_state": {"score": "1 - 0"}}
PUSH: dict[str, Any] = {
    "broadcast_live_activity_id": "match-1",
    "content_state": {"score": "1 - 0"},
    "alert": {"title": "Goal!", "body": "1 - 0"},
}
BROADCAST: dict[str, Any] = {
    **PUSH,
    "attribute_type": "MatchAttributes",
    "attribute_info": {"home": "Chiefs"},
}

#: One request for each way in which an unknown outcome is handled.
START_REQUEST = BRAZE.start(StartLiveActivity.build(**START, external_user_ids=list(PEOPLE)))
UPDATE_REQUEST = BRAZE.update(UpdateLiveActivity.build(**UPDATE))
BROADCAST_REQUEST = MOENGAGE.start(StartBroadcast.build(**flat(**BROADCAST, instance_id="once")))
PUSH_REQUEST = MOENGAGE.update(UpdateBroadcast.build(**flat(**PUSH, instance_id="twice")))
DUPLICATE = {
    "error": {
        "code": "OperationNotAllowed",
        "message": "Duplicate Request, please use different instance_id",
    }
}


@dataclass
class Reply:
    """A response of the vendor; ``body`` is JSON, or text sent as it is."""

    status: int
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)

    def response(self) -> httpx.Response:
        if isinstance(self.body, str):
            return httpx.Response(self.status, text=self.body, headers=self.headers)
        return httpx.Response(self.status, json=self.body, headers=self.headers)


class ScriptedVendor:
    """
    Send through the real client to a vendor that responds as listed; the last response repeats.

    :param script: responses, and the exceptions that httpx raises for network errors.
    :param retry: how the client retries.
    :param rules: arguments of ``RateRules``.
    """

    def __init__(
        self, *script: Reply | httpx.TransportError, retry: RetryConfig | None = None, **rules: Any
    ) -> None:
        self._script = list(script)
        self._retry = retry
        self.clock = Clock()
        self.limiter = RateLimiter(
            RateRules(**rules),
            clock=self.clock,
            monotonic=self.clock.monotonic,
            sleep=self.clock.async_sleep,
        )
        self.requests: list[httpx.Request] = []

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        step = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(step, Reply):
            return step.response()
        raise step

    def result(self, request: Request, *, possibly_sent_before: bool = False) -> SendResult:
        """Send, and return what the client returns."""

        async def send() -> SendResult:
            vendor = BRAZE if request.path.startswith(("/messages", "/segments")) else MOENGAGE
            async with Client(
                WorkspaceConfig(vendor, "https://vendor.test"),
                self.limiter,
                retry=self._retry,
                clock=self.clock,
                transport=httpx.MockTransport(self._answer),
            ) as client:
                return await client.send(request, possibly_sent_before=possibly_sent_before)

        return asyncio.run(send())

    def send(self, request: Request, *, possibly_sent_before: bool = False) -> SendResult:
        """Send a request that must be accepted; raise its error if it is not."""
        result = self.result(request, possibly_sent_before=possibly_sent_before)
        result.accepted()
        return result

    def error(self, request: Request) -> LiveActivityError:
        """Send a request that must not be accepted, and return its error."""
        error = self.result(request).error
        assert error is not None, "the vendor accepted the request"
        return error
