"""Each operator against its vendor over HTTP: what the phones show, and what goes to XCom."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_liveactivity.delivery.report import SendReport
from airflow_provider_liveactivity.sandbox import RunningSandbox
from airflow_provider_liveactivity.sandbox.views import phones
from tests.support.task_context import context
from tests.support.vendor_adapters import ALERT, ATTRIBUTES, STATES, USERS, VERBS, Adapter

TYPES: dict[str, type | tuple[type, ...]] = {
    "vendor": str,
    "verb": str,
    "activity_id": str,
    "requests": int,
    "recipients": int,
    "accepted": int,
    "rejected": int,
    "unknown": int,
    "duplicates": int,
    "nulls": int,
    "retries": int,
    "waited_seconds": float,
    "first_sent_at": (str, type(None)),
    "last_sent_at": (str, type(None)),
    "content_state": dict,
    "validate_only": bool,
}
SCHEMA = {"type": "object", "properties": {"home": {"type": "integer"}}, "required": ["home"]}

each_verb = pytest.mark.parametrize("verb", VERBS)


def started(adapter: Adapter, verb: str) -> None:
    """Start what is to be updated or ended."""
    if verb != "start":
        adapter.operator("start").execute(context())


def sent(
    sandbox: RunningSandbox, adapter: Adapter, verb: str, params: dict[str, Any], **arguments: Any
) -> Any:
    """Render and execute an operator against an empty sandbox, and return the body of its request."""
    sandbox.sandbox.reset()
    sandbox.sandbox.put_campaign("match-1", USERS)
    started(adapter, verb)
    operator, running = adapter.operator(verb, **arguments), context() | {"params": params}
    operator.render_template_fields(running)
    operator.execute(running)
    body: Any = sandbox.sandbox.records[-1].content
    return body


def test_a_life_is_what_every_phone_shows(sandbox: RunningSandbox, adapter: Adapter) -> None:
    seen = []
    for verb in VERBS:
        adapter.operator(verb).execute(context())
        shown = phones(sandbox.sandbox, "match-1")["phones"]
        assert sorted(phone["user"] for phone in shown) == USERS
        assert all(phone["vendor"] == adapter.vendor for phone in shown)
        assert all(phone["attributes"] == ATTRIBUTES and phone["cards"] == 1 for phone in shown)
        assert all(phone["content_state"] == STATES[verb] for phone in shown)
        assert all(phone["alerts"][-1] == ALERT for phone in shown)
        seen.append([(phone["status"], phone["updates"]) for phone in shown])
    assert seen == [[("running", 0)] * 2, [("running", 1)] * 2, [("ended", 1)] * 2]


@each_verb
def test_the_report_has_these_keys_of_these_types_and_is_plain_json(
    sandbox: RunningSandbox, adapter: Adapter, verb: str
) -> None:
    started(adapter, verb)
    before = datetime.now(UTC)
    report: Any = adapter.operator(verb).execute(context())
    assert type(report) is dict
    estimate = [report.pop(name, None) for name in ("expected_seconds", "expected_last_sent_at")]
    assert all(estimate) == ((adapter.vendor, verb) == ("braze", "start")), "only its request names people"
    optional = ("expected_seconds", "expected_last_sent_at", "send_id", "dropped", "start_id")
    always = [name for name in SendReport.__annotations__ if name not in optional]
    assert list(report) == list(TYPES) == always
    assert [name for name, kind in TYPES.items() if not isinstance(report[name], kind)] == []
    assert json.loads(json.dumps(report)) == report
    assert before <= datetime.fromisoformat(report["first_sent_at"]) <= datetime.now(UTC)
    assert report["last_sent_at"] == report["first_sent_at"]
    # Only a Braze start addresses people; everything else counts its one request.
    count = 2 if (adapter.vendor, verb) == ("braze", "start") else 1
    assert report | {"first_sent_at": None, "last_sent_at": None, "waited_seconds": 0.0} == {
        "vendor": adapter.vendor,
        "verb": verb,
        "activity_id": "match-1",
        "requests": 1,
        "recipients": count,
        "accepted": count,
        "rejected": 0,
        "unknown": 0,
        "duplicates": 0,
        "nulls": 0,
        "retries": 0,
        "waited_seconds": 0.0,
        "first_sent_at": None,
        "last_sent_at": None,
        "content_state": STATES[verb],
        "validate_only": False,
    }


@each_verb
def test_nobodys_id_is_in_the_report(sandbox: RunningSandbox, adapter: Adapter, verb: str) -> None:
    started(adapter, verb)
    report = json.dumps(adapter.operator(verb).execute(context()))
    assert not any(user in report for user in USERS)


@each_verb
def test_validate_only_goes_through_everything_but_sending(
    sandbox: RunningSandbox, adapter: Adapter, verb: str
) -> None:
    report = adapter.operator(verb, validate_only=True).execute(context())
    assert sandbox.sandbox.requests == 0
    assert (report["validate_only"], report["requests"], report["accepted"]) == (True, 1, 0)
    assert (report["content_state"], report["first_sent_at"]) == (STATES[verb], None)
    assert report["recipients"] == (2 if (adapter.vendor, verb) == ("braze", "start") else 1)


@each_verb
def test_objects_json_text_and_templates_make_the_same_request(
    sandbox: RunningSandbox, adapter: Adapter, verb: str
) -> None:
    objects = {"content_state": STATES[verb], **adapter.fields[verb]}
    texts = {name: value if isinstance(value, str) else json.dumps(value) for name, value in objects.items()}
    templates = {name: f"{{{{ params.{name} }}}}" for name in objects}
    converted = {
        name: f"{{{{ params.{name} }}}}" if isinstance(value, str) else f"{{{{ params.{name} | tojson }}}}"
        for name, value in objects.items()
    }
    requests = [
        sent(sandbox, adapter, verb, params, **arguments)
        for arguments, params in [(objects, {}), (texts, {}), (templates, texts), (converted, objects)]
    ]
    # MoEngage's instance id follows from the arguments, whose form differs here.
    assert [request | {"instance_id": ""} for request in requests] == [requests[0] | {"instance_id": ""}] * 4


@each_verb
def test_a_date_is_the_same_in_every_form(sandbox: RunningSandbox, adapter: Adapter, verb: str) -> None:
    name = "stale_date" if (adapter.vendor, verb) == ("braze", "start") else "dismissal_date"
    moment = datetime.now(UTC).replace(microsecond=0) + timedelta(hours=2)
    requests = [
        sent(sandbox, adapter, verb, {"moment": moment}, **{name: value})
        for value in (moment, moment.isoformat(), "{{ params.moment }}")
    ]
    expected: Any = (
        f"{moment:%Y-%m-%dT%H:%M:%S+0000}" if adapter.vendor == "braze" else int(moment.timestamp())
    )
    assert [request.get("ios", request)[name] for request in requests] == [expected] * 3


@each_verb
def test_a_distance_in_time_counts_from_the_moment_of_sending(
    sandbox: RunningSandbox, adapter: Adapter, verb: str
) -> None:
    name = "stale_date" if (adapter.vendor, verb) == ("braze", "start") else "dismissal_date"
    body = sent(sandbox, adapter, verb, {}, **{name: timedelta(hours=1)})
    value = body.get("ios", body)[name]
    moment = datetime.fromisoformat(value) if isinstance(value, str) else datetime.fromtimestamp(value, UTC)
    assert abs(moment - datetime.now(UTC) - timedelta(hours=1)) < timedelta(seconds=30)


@each_verb
def test_a_state_that_fits_the_schema_is_sent(sandbox: RunningSandbox, adapter: Adapter, verb: str) -> None:
    body = sent(sandbox, adapter, verb, {}, content_state_schema=SCHEMA)
    assert adapter.state_of(body) == STATES[verb]


@each_verb
def test_the_schema_may_be_a_file(
    sandbox: RunningSandbox, adapter: Adapter, verb: str, tmp_path: Path
) -> None:
    path = tmp_path / "state.schema"
    path.write_text(json.dumps(SCHEMA))
    body = sent(sandbox, adapter, verb, {}, content_state_schema=str(path))
    assert adapter.state_of(body) == STATES[verb]


@each_verb
def test_the_connection_may_be_a_template(
    sandbox: RunningSandbox, adapter: Adapter, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_OTHER", adapter.connection(sandbox.url))
    monkeypatch.delenv(f"AIRFLOW_CONN_{adapter.vendor.upper()}_DEFAULT")
    operator = adapter.operator(
        verb, validate_only=True, **{f"{adapter.vendor}_conn_id": "{{ params.where }}"}
    )
    running = context() | {"params": {"where": "other"}}
    operator.render_template_fields(running)
    assert operator.execute(running)["validate_only"] is True
