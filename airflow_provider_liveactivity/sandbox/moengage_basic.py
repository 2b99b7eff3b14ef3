"""The common part of MoEngage's APIs except broadcasts: Basic auth and ``MOE-APPKEY`` without ``X-``."""

from __future__ import annotations

import base64
import math
from abc import ABC, abstractmethod
from datetime import datetime
from typing import TYPE_CHECKING, Literal

from airflow_provider_liveactivity.sandbox.limits import Quota, RollingWindow

if TYPE_CHECKING:
    from airflow_provider_liveactivity.sandbox.gateway import Answer, Request
    from airflow_provider_liveactivity.sandbox.phones import Vendor
    from airflow_provider_liveactivity.sandbox.state import Sandbox

HEADERS = ("x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")
Refusal = Literal["missing", "app key", "secret"]


class WorkspaceEndpoints(ABC):
    """
    One of MoEngage's APIs.

    :param sandbox: the state.
    """

    vendor: Vendor = "moengage"

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox

    @abstractmethod
    def failure(self, status: int, reset_in: float | None) -> Answer:
        """
        Answer with 429 or 5xx as MoEngage would.

        :param status: the status.
        :param reset_in: for 429, seconds until the reset in the headers; None leaves them out.
        """

    @abstractmethod
    def answer(self, request: Request) -> Answer:
        """
        Carry out a request and answer it.

        :param request: the request.
        """


def refusal(request: Request, workspace: str, key: str) -> Refusal | None:
    """
    Return what is wrong with the credentials.

    :param request: the request.
    :param workspace: the workspace ID that must be in the header and in the Basic user.
    :param key: the key of the API's tile.
    """
    scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
    app_key = request.headers.get("moe-appkey", "")
    if not encoded or not app_key:
        return "missing"
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except ValueError:
        return "app key"
    if scheme.lower() != "basic" or not user == app_key == workspace:
        return "app key"
    return None if password == key else "secret"


def look(sandbox: Sandbox, what: str, limits: dict[int, int], now: datetime) -> Quota:
    """
    Return the limit with the fewest requests left, without counting a request.

    :param sandbox: the state.
    :param what: which requests they count.
    :param limits: seconds of a window → requests in it.
    :param now: the moment of the request.
    """
    quotas = [_window(sandbox, what, seconds).look(now, limit) for seconds, limit in limits.items()]
    tightest = min(quotas, key=lambda quota: (quota.remaining, -quota.reset))
    return tightest if sandbox.settings.moengage_limits_on else tightest._replace(allowed=True)


def count(sandbox: Sandbox, what: str, limits: dict[int, int], now: datetime) -> None:
    """
    Count one request.

    :param sandbox: the state.
    :param what: which requests it belongs to.
    :param limits: seconds of a window → requests in it.
    :param now: the moment of the request.
    """
    for seconds in limits:
        _window(sandbox, what, seconds).count(now)


def _window(sandbox: Sandbox, what: str, seconds: int) -> RollingWindow:
    return sandbox.moengage_windows.setdefault(f"{what} {seconds}", RollingWindow(seconds))


def reset_headers(limit: int, now: datetime, reset_in: float | None) -> dict[str, str]:
    """
    Return the headers of a 429.

    :param limit: requests in the window.
    :param now: the moment of the request.
    :param reset_in: seconds until the window ends; None leaves the headers out.
    """
    if reset_in is None:
        return {}
    values = (limit, 0, math.ceil(now.timestamp() + reset_in))
    return dict(zip(HEADERS, map(str, values), strict=True))
