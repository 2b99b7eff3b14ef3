"""Fields of a connection: base URL, key, time-outs, proxy. The key goes to the vendor over https only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from airflow_provider_liveactivity.errors import InvalidConnection
from airflow_provider_liveactivity.hooks._braze_connection import BrazeConnection
from airflow_provider_liveactivity.hooks._connection import (
    base_url,
    check_extra,
    chosen_url,
    proxy,
    secret,
    text,
    timeouts,
)
from airflow_provider_liveactivity.http.connection import Timeouts
from airflow_provider_liveactivity.vendors.braze import HOST_SUFFIXES


@dataclass
class Connection:
    host: str | None = None
    port: int | None = None
    login: str | None = None
    password: str | None = None
    extra_dejson: dict[str, Any] = field(default_factory=dict)
    conn_id: str = "braze_default"


def url(host: str | None, **more: Any) -> str:
    return base_url(Connection(host, **more), HOST_SUFFIXES)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("rest.iad-01.braze.com", "https://rest.iad-01.braze.com"),
        ("https://rest.iad-01.braze.com", "https://rest.iad-01.braze.com"),
        ("https://rest.fra-01.braze.eu/", "https://rest.fra-01.braze.eu"),
        (" HTTPS://REST.IAD-01.BRAZE.COM\n", "https://rest.iad-01.braze.com"),
        ("rest.iad-01.braze.com:8443", "https://rest.iad-01.braze.com:8443"),
        ("http://127.0.0.1:8390", "http://127.0.0.1:8390"),
        ("127.0.0.1:8390", "http://127.0.0.1:8390"),
        ("localhost", "http://localhost"),
        ("http://[::1]:8390", "http://[::1]:8390"),
        ("https://127.0.0.1", "https://127.0.0.1"),
    ],
)
def test_https_is_added_and_plain_http_is_for_loopback_alone(host: str, expected: str) -> None:
    assert url(host) == expected


def test_a_port_of_its_own_field_is_used() -> None:
    assert url("127.0.0.1", port=8390) == "http://127.0.0.1:8390"


@pytest.mark.parametrize(
    "host",
    [
        "http://rest.iad-01.braze.com",
        "ftp://rest.iad-01.braze.com",
        "http://10.0.0.5:8390",
        "http://0.0.0.0:8390",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
    ],
)
def test_plain_http_is_refused_for_a_remote_host(host: str) -> None:
    with pytest.raises(InvalidConnection, match="must be reached over https"):
        url(host)
    with pytest.raises(InvalidConnection, match="must be reached over https"):
        url(host, extra_dejson={"allow_any_host": True})


@pytest.mark.parametrize(
    "host",
    [
        "evilbraze.com",
        "braze.com",
        "braze.com.evil.org",
        "https://rest.iad-01.braze.com.evil.org",
        "braze.eu.co",
        "rest.iad-01.braze.co",
        "api-01.moengage.com",
        "10.0.0.5",
        "rest.iad-01.braze.com.",
    ],
)
def test_a_host_that_is_not_the_vendors_is_refused_unless_the_connection_allows_it(host: str) -> None:
    for extra in ({}, {"allow_any_host": "true"}, {"allow_any_host": False}):
        with pytest.raises(InvalidConnection, match=r"is not one of the vendor's \(\*\.braze\.com, "):
            url(host, extra_dejson=extra)
    assert url(host, extra_dejson={"allow_any_host": True}).startswith("https://")


@pytest.mark.parametrize(
    "host",
    [
        "https://rest.iad-01.braze.com/messages",
        "https://rest.iad-01.braze.com?key=value",
        "https://rest.iad-01.braze.com#top",
        "https://user@rest.iad-01.braze.com",
        "https://user:pass@rest.iad-01.braze.com",
        "https://evil.org@rest.iad-01.braze.com",
        "https://@rest.iad-01.braze.com",
        "rest.iad-01.braze.com/v2",
        "http:/rest.iad-01.braze.com",
    ],
)
def test_a_host_is_a_host_and_nothing_more(host: str) -> None:
    with pytest.raises(InvalidConnection, match="without user, path and query"):
        url(host)


@pytest.mark.parametrize(
    "host",
    [
        "https://rest.iad-01.braze.com:port",
        "https://rest.iad-01.braze.com:99999",
        "https://[::1",
        "evil.org\\.braze.com",
        "evil.org .braze.com",
        "evil.org\t.braze.com\x00.braze.com",
        "ｅvil.braze.com",
        "evil.org／.braze.com",
        ".braze.com",
        "evil.org%2F.braze.com",
        "rest..braze.com",
        "rest.iad-01..braze.com:443",
        "-rest.braze.com",
        "rest-.braze.com",
        "r" * 64 + ".braze.com",
        "rest." * 60 + "braze.com",
        "http://[::1%lo]:8390",
        "1.2.3.400",
    ],
)
def test_a_malformed_host_is_refused(host: str) -> None:
    with pytest.raises(InvalidConnection, match="is not a host name or URL") as refused:
        url(host, extra_dejson={"allow_any_host": True})
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


def test_the_longest_names_are_names() -> None:
    longest = "r" * 63 + ".braze.com"
    assert url(longest) == f"https://{longest}"
    assert url("in_house.example.com.", extra_dejson={"allow_any_host": True}).endswith(
        "in_house.example.com."
    )


@pytest.mark.parametrize("port", [-1, 65_536])
def test_a_port_of_its_own_field_is_a_port(port: int) -> None:
    with pytest.raises(InvalidConnection, match="port must be a number from 1 to 65535"):
        url("rest.iad-01.braze.com", port=port)


@pytest.mark.parametrize("host", [None, "", "  ", "https://", "https:///path"])
def test_a_missing_host_is_refused(host: str | None) -> None:
    with pytest.raises(InvalidConnection, match="connection 'braze_default': host is missing"):
        url(host)


def test_a_key_loses_what_pasting_leaves_behind() -> None:
    assert secret(Connection(), " k3y\r\n", "the password") == "k3y"


@pytest.mark.parametrize(
    ("value", "advice"),
    [
        (None, "the password is missing"),
        ("", "the password is missing"),
        (" \n", "the password is missing"),
        ("***", "mask of asterisks"),
        ("*" * 36, "mask of asterisks"),
        ("k3y\nmore", "a character that no key has"),
        ("k3y\u200b", "a character that no key has"),
        ("“k3y”", "a character that no key has"),
    ],
)
def test_a_key_that_cannot_be_one_is_refused_without_showing_it(value: str | None, advice: str) -> None:
    with pytest.raises(InvalidConnection, match=advice) as refused:
        secret(Connection(), value, "the password")
    assert "k3y" not in str(refused.value)


@pytest.mark.parametrize(
    ("extra", "expected"),
    [
        ({}, Timeouts()),
        ({"connect_timeout": None, "read_timeout": ""}, Timeouts()),
        ({"connect_timeout": 1, "read_timeout": "2.5"}, Timeouts(connect=1.0, read=2.5)),
    ],
)
def test_time_outs_come_from_the_extra(extra: dict[str, Any], expected: Timeouts) -> None:
    assert timeouts(Connection(extra_dejson=extra)) == expected


@pytest.mark.parametrize("value", [0, -1, "fast", "nan", "inf", 3601, [5], {}])
@pytest.mark.parametrize("phase", ["connect", "read"])
def test_a_time_out_is_a_number_of_seconds_above_zero(phase: str, value: Any) -> None:
    with pytest.raises(InvalidConnection, match=f"{phase}_timeout must be a number of seconds above 0"):
        timeouts(Connection(extra_dejson={f"{phase}_timeout": value}))


def test_a_proxy_comes_from_the_connection_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://environment:3128")
    assert proxy(Connection()) is None
    assert proxy(Connection(extra_dejson={"proxy": "http://p:3128"})) == "http://p:3128"


@pytest.mark.parametrize(
    "value",
    [
        "http://user:p%40ss%2F@proxy.example.com:3128",
        "https://proxy.example.com/",
        "http://10.0.0.5:3128",
        "http://[fd00::5]:3128",
    ],
)
def test_a_proxy_that_httpx_can_read_is_taken_as_it_is(value: str) -> None:
    assert proxy(Connection(extra_dejson={"proxy": value})) == value


@pytest.mark.parametrize(
    "value",
    [
        "p:3128",
        "socks5://user:hunter2@p",
        "http://",
        5,
        "http://user:hunt#er2@p:3128",
        "http://user:12/hunter2@p:3128",
        "http://user:12?hunter2@p:3128",
        "http://user:hunter2@p:port",
        "http://user:hunter2@p:99999",
        "http://user:hunter2@p:0",
        "http://user:hunt\ner2@p:3128",
        "http://user:hunt\ud800er2@p:3128",
        "http://user:hunter2@proxy..example.com:3128",
        "http://user:hunter2@" + "p" * 64 + ":3128",
        "http://user:hunter2@[::1:3128",
        "http://user:hunter2@",
        "http://user:hunter2@p:3128/path",
    ],
)
def test_an_invalid_proxy_is_refused_without_showing_its_password(value: Any) -> None:
    with pytest.raises(InvalidConnection, match="proxy must be a URL") as refused:
        proxy(Connection(extra_dejson={"proxy": value}))
    assert not any(part in str(refused.value) for part in ("hunt", "er2", "12/", "12?"))
    assert refused.value.__suppress_context__ or refused.value.__context__ is None


@pytest.mark.parametrize(
    ("extra", "expected"),
    [({}, None), ({"a": None}, None), ({"a": " "}, None), ({"a": " x "}, "x"), ({"a": 101}, "101")],
)
def test_an_empty_field_of_the_form_is_no_value(extra: dict[str, Any], expected: str | None) -> None:
    assert text(extra, "a") == expected


@pytest.mark.parametrize(
    ("key", "nearest"),
    [("appid", "app_id"), ("App ID", "app_id"), ("readTimeout", "read_timeout"), ("instances", "instance")],
)
def test_a_misspelt_key_of_the_extra_is_an_error_that_names_the_right_one(key: str, nearest: str) -> None:
    connection = Connection(extra_dejson={"app_id": "a", key: "s3cret"})
    with pytest.raises(InvalidConnection, match=f"has no key '{key}'; did you mean {nearest}\\?") as failed:
        check_extra(connection, BrazeConnection.extra_keys)
    assert "s3cret" not in str(failed.value)


def test_any_other_unknown_key_of_the_extra_is_named_in_a_warning(caplog: pytest.LogCaptureFixture) -> None:
    check_extra(
        Connection(extra_dejson={"app_id": "a", "proxy": "b", "owner": "s3cret"}), BrazeConnection.extra_keys
    )
    (record,) = caplog.records
    assert "'owner' is not used; the provider reads instance, app_id, connect_timeout" in record.getMessage()
    assert "s3cret" not in record.getMessage()


@pytest.mark.parametrize(
    ("host", "extra"), [("US-01", {}), (" us-01 ", {"instance": "US-01"}), ("", {"instance": "US-01"})]
)
def test_the_host_may_be_the_name_of_the_instance(host: str, extra: dict[str, str]) -> None:
    connection = Connection(host, extra_dejson=extra)
    hosts = {"US-01": "rest.iad-01.braze.com", "US-02": "rest.iad-02.braze.com"}
    assert chosen_url(connection, HOST_SUFFIXES, "instance", hosts) == "https://rest.iad-01.braze.com"


def test_host_and_extra_must_not_name_two_instances() -> None:
    connection = Connection("US-02", extra_dejson={"instance": "US-01"})
    hosts = {"US-01": "rest.iad-01.braze.com", "US-02": "rest.iad-02.braze.com"}
    with pytest.raises(InvalidConnection, match="host is US-02, but instance is US-01"):
        chosen_url(connection, HOST_SUFFIXES, "instance", hosts)
