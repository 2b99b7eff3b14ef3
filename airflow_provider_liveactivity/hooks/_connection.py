"""Read base URL, key, time-outs and proxy from an Airflow connection, and keep the key safe."""

from __future__ import annotations

import difflib
import ipaddress
import logging
import re
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

import httpx

from airflow_provider_liveactivity.errors import InvalidConnection
from airflow_provider_liveactivity.http.connection import Timeouts

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

log = logging.getLogger(__name__)

#: Keys of the extra that both vendors' connections may have.
COMMON_EXTRA = ("connect_timeout", "read_timeout", "proxy", "allow_any_host")

# RFC 1035, plus the underscore of internal names: labels of 1 to 63 characters, separated by single dots.
# Text that only resembles a name, such as "evil.com\.braze.com", must not reach the comparison of its end.
# Text that no resolver accepts must not reach a request.
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST_NAME = re.compile(rf"(?=.{{1,254}}$){_LABEL}(?:\.{_LABEL})*\.?")
_PORTS = range(1, 65_536)


_NO_HOST = (
    "is not a host name or URL; write it like rest.iad-01.braze.com: labels of 1 to 63 letters, digits and "
    "hyphens, with single dots between them."
)


class ConnectionLike(Protocol):
    """The fields of an Airflow connection that are read."""

    conn_id: str
    host: str | None
    port: int | None
    login: str | None
    password: str | None

    @property
    def extra_dejson(self) -> dict[str, Any]:
        """Return the extra as a dict."""


def check_extra(connection: ConnectionLike, known: Collection[str]) -> None:
    """
    Name the keys of a connection's extra that nothing reads.

    A key that resembles a known one is an error, because its value would be ignored. Any other key may belong
    to a tool that shares the connection, so it is only a warning.

    :param connection: the connection.
    :param known: the keys that the vendor's hook reads, beside those in ``COMMON_EXTRA``.
    :raises InvalidConnection: if a key resembles a known one. The message names both.
    """
    known = [*known, *COMMON_EXTRA]
    for key in connection.extra_dejson:
        if key in known:
            continue
        where = f"connection {connection.conn_id!r}: the extra"
        if nearest := difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.7):
            raise InvalidConnection(f"{where} has no key {key!r}; did you mean {nearest[0]}?")
        log.warning("%s key %r is not used; the provider reads %s.", where, key, ", ".join(known))


def base_url(connection: ConnectionLike, suffixes: tuple[str, ...]) -> str:
    """
    Return scheme and host of the requests.

    The key is sent only over https, and only to the vendor. A host without a scheme gets https. Plain http is
    allowed for loopback, where the sandbox listens. Any other host requires ``"allow_any_host": true`` in the
    connection's extra.

    :param connection: connection whose ``host`` is a host name, or a URL without a path.
    :param suffixes: ends of the vendor's host names, such as ``.braze.com``.
    :raises InvalidConnection: if the host is missing, malformed or not allowed.
    """
    host = (connection.host or "").strip()
    where = f"connection {connection.conn_id!r}: host"
    try:
        parts = urlsplit(host if "://" in host else f"//{host}")
        name, port = (parts.hostname or "").lower(), parts.port or connection.port
    except ValueError:
        raise InvalidConnection(f"{where} {_NO_HOST}") from None
    loopback = _is_loopback(name)
    scheme = parts.scheme or ("http" if loopback else "https")
    if not name:
        raise InvalidConnection(f"{where} is missing; give the vendor's REST endpoint.")
    if not loopback and not _HOST_NAME.fullmatch(name):
        raise InvalidConnection(f"{where} {_NO_HOST}")
    if port and port not in _PORTS:
        raise InvalidConnection(f"connection {connection.conn_id!r}: port must be a number from 1 to 65535.")
    if parts.username is not None or parts.path.strip("/") or parts.query or parts.fragment:
        raise InvalidConnection(f"{where} must be a host name or a URL without user, path and query.")
    if scheme != "https" and not (scheme == "http" and loopback):
        raise InvalidConnection(
            f"{where} must be reached over https; {scheme} would show the key to the network."
        )
    if (
        not loopback
        and not name.endswith(suffixes)
        and connection.extra_dejson.get("allow_any_host") is not True
    ):
        raise InvalidConnection(
            f"{where} is not one of the vendor's (*{', *'.join(suffixes)}); the key would go to a stranger. "
            'If it is a proxy of your own, say so with "allow_any_host": true in the extra.'
        )
    literal = f"[{name}]" if ":" in name else name
    url = f"{scheme}://{literal}" + (f":{port}" if port else "")
    try:
        httpx.URL(url)
    except (httpx.InvalidURL, ValueError):
        raise InvalidConnection(f"{where} {_NO_HOST}") from None
    return url


def chosen_url(
    connection: ConnectionLike, suffixes: tuple[str, ...], field: str, hosts: Mapping[str, str]
) -> str:
    """
    Return scheme and host of the requests: the connection's host, else the host of the choice in the form.

    :param connection: connection; its ``host`` takes precedence over the choice. If both name hosts of the
        vendor, these must match. The host may be the choice itself, such as "US-01": Airflow's form shows the
        host at once, and the fields of the extra in a closed section.
    :param suffixes: ends of the vendor's host names, such as ``.braze.com``.
    :param field: name of the extra's field with the choice.
    :param hosts: choice → host.
    :raises InvalidConnection: if the choice is unknown, choice and host are both missing, or they contradict
        each other.
    """
    where = f"connection {connection.conn_id!r}:"
    host = (connection.host or "").strip()
    choice = text(connection.extra_dejson, field)
    if host.upper() in hosts:
        if choice not in (None, host.upper()):
            raise InvalidConnection(
                f"{where} host is {host}, but {field} is {choice}; leave one of them empty."
            )
        choice, host = host.upper(), ""
    if (choice is not None or not host) and choice not in hosts:
        raise InvalidConnection(
            f"{where} {field} must be one of {', '.join(hosts)} (see your dashboard's address)"
            + ("." if host else ", or a host must be given.")
        )
    standard = hosts[choice] if choice is not None else ""
    if not host:
        return f"https://{standard}"
    url = base_url(connection, suffixes)
    given = host_of(url)
    # Not "!=": MoEngage's sandbox is at sandbox-api-01.
    if standard and given.endswith(suffixes) and not given.endswith(standard):
        raise InvalidConnection(
            f"{where} host is {given}, but {field} {choice} is {standard}; leave one of them empty."
        )
    return url


def host_of(url: str) -> str:
    """
    Return the host of a base URL; empty text if it has none.

    :param url: the base URL.
    """
    return urlsplit(url).hostname or ""


def is_loopback(url: str) -> bool:
    """
    Return whether a base URL is loopback, where only the sandbox listens.

    :param url: the base URL.
    """
    return _is_loopback(host_of(url))


def _is_loopback(name: str) -> bool:
    if _is_ip_address(name):
        return ipaddress.ip_address(name).is_loopback
    return name == "localhost"


def timeouts(connection: ConnectionLike) -> Timeouts:
    """
    Return the time-outs ``connect_timeout`` and ``read_timeout`` of the connection's extra, in seconds.

    :param connection: the connection.
    :raises InvalidConnection: if a time-out is not a number above 0 and up to 3,600.
    """
    extra = connection.extra_dejson
    given: dict[str, float] = {}
    for phase in ("connect", "read"):
        value = extra.get(f"{phase}_timeout")
        if value in (None, ""):
            continue
        try:
            given[phase] = float(value)
        except (TypeError, ValueError):
            given[phase] = 0.0
        if not 0 < given[phase] <= 3600:
            raise InvalidConnection(
                f"connection {connection.conn_id!r}: {phase}_timeout must be a number of seconds above 0."
            )
    return Timeouts(**given)


def secret(connection: ConnectionLike, value: str | None, what: str) -> str:
    """
    Return a key of the connection without spaces and line breaks at its ends.

    :param connection: the connection.
    :param value: value of the field; None if it is missing.
    :param what: which field must contain which key, for the error.
    :raises InvalidConnection: if the key is missing, contains an invalid character, or is Airflow's mask.
    """
    key = (value or "").strip()
    if not key:
        raise InvalidConnection(f"connection {connection.conn_id!r}: {what} is missing.")
    if not key.strip("*"):
        raise InvalidConnection(
            f"connection {connection.conn_id!r}: {what} is a mask of asterisks; enter the key itself again."
        )
    if not (key.isascii() and key.isprintable()):
        raise InvalidConnection(
            f"connection {connection.conn_id!r}: {what} contains a character that no key has, such as a line "
            "break or an invisible one; copy it again."
        )
    return key


def proxy(connection: ConnectionLike) -> str | None:
    """
    Return the URL of the extra's ``proxy``; None if there is none. The environment is ignored.

    :param connection: the connection.
    :raises InvalidConnection: if the value is not the URL of an HTTP proxy. The message contains no part of
        the URL, which may contain a password.
    """
    url = text(connection.extra_dejson, "proxy")
    if url is not None and not _is_proxy(url):
        raise InvalidConnection(
            f"connection {connection.conn_id!r}: proxy must be a URL such as "
            "http://user:password@proxy.example.com:3128, without a path; in user and password, characters "
            "such as / ? # @ : are percent-encoded (%2F for /)."
        )
    return url


def _is_proxy(url: str) -> bool:
    if not re.match(r"https?://[^/\s]", url):
        return False
    try:
        parts = httpx.Proxy(url).url
    except (httpx.InvalidURL, ValueError):
        return False
    # A "/" in a password ends the host early: the rest would be a path.
    return (
        (_HOST_NAME.fullmatch(parts.host) is not None or _is_ip_address(parts.host))
        and (parts.port is None or parts.port in _PORTS)
        and parts.raw_path == b"/"
        and not parts.fragment
    )


def _is_ip_address(name: str) -> bool:
    if "%" in name:  # a zone id, which names a network interface: not needed here
        return False
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def text(extra: Mapping[str, Any], name: str) -> str | None:
    """
    Return an optional text of the extra, stripped; None if it is missing or blank.

    The connection form saves empty fields as empty text.

    :param extra: the connection's extra.
    :param name: name of the field.
    """
    return str(extra[name]).strip() or None if extra.get(name) is not None else None
