"""Test a connection with one request, and describe the outcome for the *Test* button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_liveactivity.http.network_errors import NetworkError, network_error

if TYPE_CHECKING:
    from airflow_provider_liveactivity.errors import InvalidConnection, LiveActivityError
    from airflow_provider_liveactivity.http.connection import WorkspaceConfig


def fault(error: InvalidConnection, conn_id: str) -> str:
    """
    Return what is wrong with a connection, without its id: Airflow's *Test* button uses a made-up id.

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
    kind = network_error(error)
    if kind is None:
        return error.message
    timeouts = workspace.timeouts
    return _SENTENCES[kind].format(url=workspace.base_url, connect=timeouts.connect, read=timeouts.read)


_SENTENCES = {
    NetworkError.CERTIFICATE: "The TLS certificate of {url} is not trusted: it may belong to a proxy.",
    NetworkError.PROXY: "The proxy in the connection's extra did not let the request through to {url}.",
    NetworkError.TLS: "No TLS connection to {url} could be opened; check that this port serves https.",
    NetworkError.NO_HOST: "The name of the host in {url} cannot be resolved; check its spelling.",
    NetworkError.CONNECT_TIMEOUT: "{url} could not be reached within {connect:g} seconds (connect_timeout); "
    "a firewall may block it.",
    NetworkError.NO_ANSWER_IN_TIME: "{url} took the request, but did not answer within {read:g} seconds "
    "(read_timeout).",
    NetworkError.REFUSED: "{url} refuses connections; check host, port and network.",
    NetworkError.NO_ANSWER: "{url} accepted the connection, but sent no readable response; check "
    "host, port and proxy.",
}
