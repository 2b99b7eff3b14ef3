"""An invalid connection, or one to a host that is not the vendor's, fails before anything is sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_liveactivity.errors import InvalidConnection
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.bad_input import refused
from tests.support.vendor_adapters import BRAZE, MOENGAGE, VERBS, Adapter

each_verb = pytest.mark.parametrize("verb", VERBS)


@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"password": None}, "the password, which must hold the "),
        ({"password": " "}, " API key, is missing"),
        ({"password": "***"}, "is a mask of asterisks"),
        ({"password": "k3y\u200b"}, "contains a character that no key has"),
        ({"host": "http://rest.iad-01.braze.com"}, "must be reached over https"),
        ({"host": "http://10.1.2.3"}, "must be reached over https"),
        ({"host": "evilbraze.com"}, "is not one of the vendor's"),
        ({"host": "braze.com.evil.org"}, "is not one of the vendor's"),
        ({"host": "https://rest.iad-01.braze.com/v2"}, "without user, path and query"),
        ({"host": "https://me@rest.iad-01.braze.com"}, "without user, path and query"),
        (
            {"extra": {"app_id": "a", "read_timeout": "soon", "data_center": "01"}},
            "read_timeout must be a number",
        ),
        ({"host": "rest..braze.com"}, "is not a host name or URL"),
        ({"host": f"{'r' * 64}.braze.com"}, "is not a host name or URL"),
        ({"extra": {"app_id": "a", "proxy": "proxy:3128", "data_center": "01"}}, "proxy must be a URL"),
        (
            {"extra": {"app_id": "a", "proxy": "http://user:k3y#x@proxy:3128", "data_center": "01"}},
            "proxy must be a URL",
        ),
    ],
)
def test_a_connection_that_would_fail_or_leak(
    sandbox: RunningSandbox,
    monkeypatch: pytest.MonkeyPatch,
    adapter: Adapter,
    changes: dict[str, Any],
    advice: str,
) -> None:
    name = f"AIRFLOW_CONN_{adapter.vendor.upper()}_DEFAULT"
    monkeypatch.setenv(name, adapter.connection(sandbox.url, **changes))
    for verb in VERBS:
        error = refused(sandbox, adapter, verb)
        assert isinstance(error, InvalidConnection)
        assert advice in str(error)
        assert "k3y" not in str(error)


@each_verb
def test_no_app_id_anywhere(sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, verb: str) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_BRAZE_DEFAULT", BRAZE.connection(sandbox.url, extra={}))
    error = refused(sandbox, BRAZE, verb)
    assert isinstance(error, InvalidConnection)
    assert "app_id is missing" in str(error)


@each_verb
@pytest.mark.parametrize("data_center", [None, "", "1", "07", "0101", "dashboard-01"])
def test_neither_host_nor_data_center(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, verb: str, data_center: str | None
) -> None:
    connection = json.loads(MOENGAGE.connection("", extra={"data_center": data_center}))
    monkeypatch.setenv("AIRFLOW_CONN_MOENGAGE_DEFAULT", json.dumps(connection))
    error = refused(sandbox, MOENGAGE, verb)
    assert isinstance(error, InvalidConnection)
    assert "data_center must be one of 01, 02, 03, 04, 05, 06, 101" in str(error)


@each_verb
@pytest.mark.parametrize(("host", "instance"), [("", None), ("", "US-09"), ("rest.iad-01.braze.com", "us 1")])
def test_neither_host_nor_instance(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch, verb: str, host: str, instance: str | None
) -> None:
    extra = {"instance": instance, "app_id": "sandbox-app"}
    monkeypatch.setenv("AIRFLOW_CONN_BRAZE_DEFAULT", BRAZE.connection(host, extra=extra))
    error = refused(sandbox, BRAZE, verb)
    assert isinstance(error, InvalidConnection)
    assert "instance must be one of US-01, US-02, " in str(error)
