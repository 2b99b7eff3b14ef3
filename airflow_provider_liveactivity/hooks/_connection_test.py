"""Test a connection with one request, and describe the outcome for the *Test* button."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_liveactivity.errors import InvalidConnection, LiveActivityError
    from airflow_provider_liveactivity.http.connection import WorkspaceConfig


def fault(error: InvalidConnection, conn_id: str) -> str:
    """
    Return what is wrong with a connection, without its id: Airflow's *Test* button uses a temporary id.

    :param error: the error that reading the connection raised.
    :param conn_id: id of the connection.
    """
    return error.message.removeprefix(f"connection {conn_id!r}: ")


def problem(error: LiveActivityError, workspace: WorkspaceConfig) -> str:
    """
    Return why a request was not accepted, without the response body, in which Braze repeats the key.

    :param error: the error of the request.
    :param workspace: where the request was sent.
    """
    if error.status is not None:
        return f"{workspace.base_url} answered {error.status}: {error.message}"
    return error.message


#: Half of the precision of the header ``Date``.
_HALF_SECOND = timedelta(seconds=0.5)


def clock_skew(url: str, proxy: str | None, clock: Callable[[], datetime]) -> timedelta | None:
    """
    Return how far this machine's clock is ahead of a server's; None if the server does not say its time.

    The request contains no key.

    :param url: scheme and host of the server.
    :param proxy: URL of an HTTP proxy; None for none.
    :param clock: returns the current time.
    """
    with httpx.Client(proxy=proxy, trust_env=False, timeout=10) as client:
        before = clock()
        try:
            date = client.head(url).headers.get("date")
            after = clock()
            theirs = parsedate_to_datetime(date or "")
        except (httpx.HTTPError, ValueError):
            return None
    if theirs.tzinfo is None:
        theirs = theirs.replace(tzinfo=UTC)
    return before + (after - before) / 2 - theirs - _HALF_SECOND
