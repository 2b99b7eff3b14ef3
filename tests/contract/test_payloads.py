"""Every row of the tables of payloads: what the vendor answers over HTTP, and what the client makes of it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import httpx
import pytest

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.sandbox import RunningSandbox, running_sandbox
from tests.contract.payloads import braze_illegal, braze_legal, moengage_illegal, moengage_legal
from tests.contract.payloads.table import BASES, Row, body_of
from tests.support.moengage_tasks import KEYS
from tests.support.sandbox_clients import LOCAL

LEGAL = {"braze": braze_legal.ROWS, "moengage": moengage_legal.ROWS}
ILLEGAL = {"braze": braze_illegal.ROWS, "moengage": moengage_illegal.ROWS}
PATHS = {
    "start": "/messages/live_activity/start",
    "update": "/messages/live_activity/update",
    "end": "/messages/live_activity/update",
    **{f"broadcast {verb}": f"/v1.0/live-activity/broadcast/{verb}" for verb in ("start", "update", "end")},
    **{f"user {verb}": "/v1.0/alerts/send" for verb in ("start", "update", "end")},
    "campaign": "/core-services/v1/campaigns",
}
MOENGAGE_KEYS = {"broadcast": "push", "user": "inform", "campaign": "campaign"}
DATES = {"stale_date", "dismissal_date"}


def rows(tables: dict[str, list[Row]]) -> pytest.MarkDecorator:
    """Parametrize by all rows of both vendors."""
    return pytest.mark.parametrize(
        "row",
        [
            pytest.param(
                row, id=f"{vendor}-{number}-{row.call}: {row.why}".encode("ascii", "replace").decode()
            )
            for vendor, table in tables.items()
            for number, row in enumerate(table)
        ],
    )


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[RunningSandbox, httpx.Client]]:
    # A connection for each request: a kept one may be closed by the server at the moment of the next request.
    options: Any = {"timeout": 5, "limits": httpx.Limits(max_keepalive_connections=0), **LOCAL}
    with running_sandbox() as running, httpx.Client(base_url=running.url, **options) as http:
        yield running, http


@pytest.fixture
def vendor(
    server: tuple[RunningSandbox, httpx.Client], monkeypatch: pytest.MonkeyPatch
) -> tuple[RunningSandbox, httpx.Client]:
    """Both vendors without limits of time: a row is about its payload alone."""
    running, _ = server
    running.sandbox.reset(settings=True)
    running.sandbox.change_settings(
        moengage_limits_on=False, moengage_duplicate_seconds=0, moengage_activity_header=False
    )
    running.sandbox.put_segment("fans", "Fans", ["ada", "bob"])
    braze = {"password": "sandbox-braze-key", "extra": {"app_id": "sandbox-app"}}
    moengage = {"login": "SANDBOX", "password": "sandbox-push-key", "extra": KEYS}
    for name, fields in (("braze", braze), ("moengage", moengage)):
        connection = json.dumps({"conn_type": name, "host": running.url, **fields})
        monkeypatch.setenv(f"AIRFLOW_CONN_{name.upper()}_DEFAULT", connection)
    return server


def post(http: httpx.Client, row: Row) -> httpx.Response:
    """Send a row as it is, without any of our code."""
    api, _, _ = row.call.partition(" ")
    if api in MOENGAGE_KEYS:
        auth: Any = ("SANDBOX", f"sandbox-{MOENGAGE_KEYS[api]}-key")
        headers = {("X-" if api == "broadcast" else "") + "MOE-APPKEY": "SANDBOX"}
    else:
        auth, headers = None, {"Authorization": "Bearer sandbox-braze-key"}
    return http.post(PATHS[row.call], json=body_of(row), headers=headers, auth=auth)


def prepare(running: RunningSandbox, http: httpx.Client, row: Row) -> None:
    """Make what a broadcast needs before it: its campaign, and for an update or an end its start."""
    running.sandbox.activities.clear()
    running.sandbox.instance_ids.clear()
    activity_id = body_of(row).get("broadcast_live_activity_id")
    if isinstance(activity_id, str) and activity_id:
        running.sandbox.put_campaign(activity_id, ["ada"])
        if row.call != "broadcast start":
            start = Row("broadcast start", {"broadcast_live_activity_id": activity_id}, "")
            assert post(http, start).status_code == 200
    running.sandbox.moengage_request_ids.clear()
    running.sandbox.records.clear()
    running.sandbox.requests = 0


def call_client(row: Row, **options: Any) -> Any:
    """Call the hook with the fields of a row."""
    body = body_of(row) | options
    if row.call.startswith("broadcast"):
        ios = body.pop("ios", None)
        fields = {**body, **(ios if isinstance(ios, dict) else {"ios": ios})}
        return getattr(MoEngageHook(), f"{row.call.partition(' ')[2]}_broadcast")(**fields)
    if row.call.startswith("user"):
        return call_inform(body)
    if row.call == "campaign":
        return create_campaign(body)
    end = body.get("end_activity") is True
    if row.call != "start" and isinstance(body.get("end_activity"), bool):
        del body["end_activity"]  # the method says it
    return getattr(BrazeHook(), f"{'end' if end else row.call}_live_activity")(**body)


def call_inform(body: dict[str, Any]) -> Any:
    """Take an alert apart as its hook has it."""
    push = body.pop("payloads")["PUSH"]
    user, token = body.pop("user_id", None), push.get("recipient")
    users = None if user is None else [user] if token is None else {user: token}
    activity = push["live_activity_attributes"]
    la_type = activity.pop("la_type")
    verb = la_type if la_type in ("start", "update", "end") else "start"
    body |= {} if verb == la_type else {"la_type": la_type}
    personal = push.get("personalized_attributes", {})
    if isinstance(personal, dict):
        body |= {name: personal.pop(name) for name in DATES & personal.keys()}
    body |= {"personalized_attributes": personal} if personal else {}
    call = getattr(MoEngageHook(), f"{verb}_live_activity")
    return call(activity_id="order", external_user_ids=users, **activity, **body)


def create_campaign(body: dict[str, Any]) -> Any:
    """Take a campaign apart as its hook has it; what the hook always sends is left out."""
    base = BASES["campaign"]
    basics, who = body.pop("basic_details"), body.pop("segmentation_details")
    fixed = {
        name for name in base if name not in {"request_id", "created_by"} and body.get(name) == base[name]
    }
    fields = {name: value for name, value in body.items() if name not in fixed}
    fields |= {
        name: value
        for name, value in basics.items()
        if name not in ("platforms", "platform_specific_details")
    }
    names = {"is_all_user_campaign": "all_users", "included_filters": "filters"}
    fields |= {names.get(name, name): value for name, value in who.items()}
    return MoEngageHook().create_broadcast_campaign(**fields)


def normal(value: Any, name: str = "") -> Any:
    """Return a body in which the same moment is written alike."""
    if isinstance(value, dict):
        return {key: normal(item, key) for key, item in value.items()}
    if isinstance(value, list):
        return [normal(item) for item in value]
    if name in DATES and str(value).isdecimal():
        return int(value)
    if name in {*DATES, "expiry", "value"} and isinstance(value, str):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return value
        return value if moment.utcoffset() is None else int(moment.timestamp())
    return value


def expected(row: Row, sent: dict[str, Any]) -> dict[str, Any]:
    """Return the body that the client is to send: the row's, and what the client always adds."""
    body = body_of(row)
    if row.call == "update":
        body.setdefault("end_activity", False)
    if row.call.startswith("broadcast"):
        body.setdefault("instance_id", sent["instance_id"])
    return body


@rows(LEGAL)
def test_a_legal_payload_is_accepted_and_sent_as_it_is(
    vendor: tuple[RunningSandbox, httpx.Client], row: Row
) -> None:
    running, http = vendor
    prepare(running, http, row)
    answer = post(http, row)
    assert 200 <= answer.status_code < 300, answer.text
    prepare(running, http, row)
    report = call_client(row)
    assert report["unknown"] == report["rejected"] == 0
    (record,) = running.sandbox.records
    assert normal(record.content) == normal(expected(row, record.content))


@rows(ILLEGAL)
def test_an_illegal_payload_is_refused(vendor: tuple[RunningSandbox, httpx.Client], row: Row) -> None:
    running, http = vendor
    prepare(running, http, row)
    answer = post(http, row)
    assert (200 <= answer.status_code < 300) == bool(row.vendor_takes), answer.text
    prepare(running, http, row)
    if row.client_takes:
        assert call_client(row, validate_only=True)["validate_only"]
        return
    with pytest.raises(InvalidPayload):
        call_client(row)
    assert running.sandbox.requests == 0


@pytest.mark.parametrize("vendor_name", ["braze", "moengage"])
def test_the_tables_are_large_and_each_row_is_its_own(vendor_name: str) -> None:
    for table in (LEGAL[vendor_name], ILLEGAL[vendor_name]):
        bodies = [f"{row.call} {json.dumps(body_of(row), sort_keys=True)}" for row in table]
        assert len(set(bodies)) == len(bodies) >= 100
        assert all(row.why.partition(":")[0].isupper() or row.why[:6].isdecimal() for row in table)
        assert not any(row.vendor_takes and row.client_takes for row in table)
