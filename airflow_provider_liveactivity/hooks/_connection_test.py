"""Test a connection with one request, and describe the outcome for the *Test* button."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
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
