"""Testing a connection: a read goes out once, and what became of it is told to a person at a button."""

from __future__ import annotations

from typing import TYPE_CHECKING

from airflow_provider_liveactivity.http.network_errors import NetworkError, network_error

if TYPE_CHECKING:
    from airflow_provider_liveactivity.errors import InvalidConnection, LiveActivityError
    from airflow_provider_liveactivity.http.connection import WorkspaceConfig


def fault(error: InvalidConnection, conn_id: str) -> str:
    """
    Say what is wrong with a connection, without its id: behind Airflow's button it has one that nobody knows.

    :param error: what reading it ended with.
    :param conn_id: the id.
    """
    return error.message.removeprefix(f"connection {conn_id!r}: ")


def problem(error: LiveActivityError, account: WorkspaceConfig) -> str:
    """
    Say why a read had no good answer, without the answer's body, in which Braze repeats the key.

    :param error: what the read ended with.
    :param account: where it went.
    """
    if error.status is not None:
        return f"{account.base_url} answered {error.status}: {error.message}"
    trouble = network_error(error)
    if trouble is None:
        return error.message
    timeouts = account.timeouts
    return _SENTENCES[trouble].format(url=account.base_url, connect=timeouts.connect, read=timeouts.read)


_SENTENCES = {
    NetworkError.CERTIFICATE: "The TLS certificate of {url} is not trusted: it may be another's, or a proxy's.",
    NetworkError.PROXY: "The proxy of the connection's extra did not let the request through to {url}.",
    NetworkError.TLS: "No TLS connection could be made to {url}; check that https is served at this port.",
    NetworkError.NO_HOST: "There is no host for {url}, as far as this machine knows; check how the host is spelt.",
    NetworkError.CONNECT_TIMEOUT: "{url} could not be reached within {connect:g} seconds (connect_timeout); is a "
    "firewall in the way?",
    NetworkError.NO_ANSWER_IN_TIME: "{url} took the request, but did not answer within {read:g} seconds "
    "(read_timeout).",
    NetworkError.REFUSED: "{url} refuses connections; check host and port, and the network of this machine.",
    NetworkError.NO_ANSWER: "{url} took the connection, but gave no answer that can be read; check host, port and "
    "proxy.",
}
