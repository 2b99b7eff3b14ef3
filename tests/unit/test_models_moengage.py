"""MoEngage's broadcast start, update and end: what is refused before anything is sent, and in which words."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from airflow_provider_liveactivity.errors import InvalidPayload, PayloadTooLarge
from airflow_provider_liveactivity.models.common import encode
from airflow_provider_liveactivity.models.moengage import EndBroadcast, StartBroadcast, UpdateBroadcast, flat
from tests.support.clock import NOW
from tests.support.scripted_vendor import BROADCAST, PUSH

Model = type[StartBroadcast] | type[UpdateBroadcast] | type[EndBroadcast]
ALL: list[tuple[Model, dict[str, Any]]] = [
    (StartBroadcast, BROADCAST),
    (UpdateBroadcast, PUSH),
    (EndBroadcast, PUSH),
]
each_verb = pytest.mark.parametrize(("model", "fields"), ALL, ids=["start", "update", "end"])


def build(model: Model, fields: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return model.build(now=NOW, **flat(**{**fields, **changes})).to_json()


@each_verb
@pytest.mark.parametrize(
    ("changes", "advice"),
    [
        ({"broadcast_live_activity_id": ""}, "broadcast_live_activity_id: .* at least 1 character"),
        ({"broadcast_live_activity_id": None}, "broadcast_live_activity_id is required"),
        ({"broadcast_live_activity_id": "spiel-ü"}, "is also sent in a header"),
        ({"broadcast_live_activity_id": "match\n"}, "is also sent in a header"),
        ({"broadcast_live_activity_id": " match"}, "is also sent in a header"),
        ({"content_state": None}, r"^content_state is required"),
        ({"content_state": '{"a": NaN}'}, r"^content_state holds NaN"),
        ({"content_state": "score"}, r"^content_state is text that is not JSON"),
        ({"alert": None}, r"^alert is required"),
        ({"alert": "Goal!"}, r"^alert is text that is not JSON"),
        ({"alert": {"title": "t"}}, r"^alert\.body is required"),
        ({"alert": {"body": "b"}}, r"^alert\.title is required"),
        (
            {"alert": {"title": "t", "body": ""}},
            r"^alert\.body: string should have at least 1 character\.$",
        ),
        ({"alert": {"title": "t", "body": 5}}, r"^alert\.body must be an object .*, not int\.$"),
        ({"alert": {"title": "t", "body": "b", "metrics": 1}}, r"^alert\.metrics is not a field"),
        ({"dismissal_date": "2026-07-22T20:00:00"}, r"^dismissal_date has no UTC offset"),
        ({"dismissal_date": 1_795_305_600_000}, r"^dismissal_date must be epoch seconds, .* milliseconds"),
        ({"dismissal_date": "1795305600000"}, r"^dismissal_date must be epoch seconds, .* milliseconds"),
        ({"dismissal_date": -1}, r"^dismissal_date must be epoch seconds, .* negative"),
        ({"dismissal_date": 1_795_305_600.0}, r"^dismissal_date must be a whole number of epoch seconds"),
        ({"dismissal_date": True}, r"^dismissal_date must be an aware datetime .*, not bool"),
        ({"dismissal_date": "20260722"}, r"^dismissal_date has no UTC offset"),
        ({"dismissal_date": "9" * 5000}, r"^dismissal_date is not an ISO-8601 date-time"),
        ({"instance_id": ""}, "instance_id: .* at least 1 character"),
        ({"end_activity": True}, r"^end_activity is not a field"),
    ],
)
def test_what_moengage_would_refuse_is_refused_here(
    model: Model, fields: dict[str, Any], changes: dict[str, Any], advice: str
) -> None:
    with pytest.raises(InvalidPayload, match=advice):
        build(model, fields, **changes)


def test_a_start_has_no_stale_date() -> None:
    with pytest.raises(InvalidPayload, match=r"^stale_date is not a field"):
        build(StartBroadcast, BROADCAST, stale_date=timedelta(hours=1))


@pytest.mark.parametrize("model", [UpdateBroadcast, EndBroadcast])
@pytest.mark.parametrize("field", ["attribute_type", "attribute_info"])
def test_what_never_changes_is_sent_with_the_start_only(model: Model, field: str) -> None:
    with pytest.raises(InvalidPayload, match=rf"^{field} is not a field"):
        build(model, PUSH, **{field: BROADCAST[field]})


@each_verb
def test_a_dismissal_before_now_is_allowed_it_means_at_once(model: Model, fields: dict[str, Any]) -> None:
    sent = build(model, fields, dismissal_date=timedelta(hours=-1))
    assert sent["ios"]["dismissal_date"] == int(NOW.timestamp()) - 3600


@each_verb
@pytest.mark.parametrize("value", [1_795_305_600, "1795305600", " 1795305600\n", "2026-11-22T00:00:00Z"])
def test_a_date_may_be_epoch_seconds_as_the_pages_have_it(
    model: Model, fields: dict[str, Any], value: Any
) -> None:
    assert build(model, fields, dismissal_date=value)["ios"]["dismissal_date"] == 1_795_305_600


@each_verb
@pytest.mark.parametrize("body", ["1 - 0", {"loc-key": "GOAL", "loc-args": ["1", "0"]}])
def test_the_body_of_an_alert_is_text_or_an_object(model: Model, fields: dict[str, Any], body: Any) -> None:
    alert = {"title": "Goal!", "body": body, "subtitle": "Chiefs", "sound": "default"}
    assert build(model, fields, alert=alert)["ios"]["alert"] == alert


@each_verb
def test_a_request_may_have_5120_bytes(model: Model, fields: dict[str, Any]) -> None:
    room = 5120 - len(encode(build(model, fields, content_state={"a": ""})))
    sent = build(model, fields, content_state={"a": "x" * room})
    assert len(encode(sent)) == 5120
    with pytest.raises(PayloadTooLarge, match="the request has 5121 bytes; MoEngage takes 5120"):
        build(model, fields, content_state={"a": "x" * (room + 1)})


@each_verb
def test_objects_may_come_as_json_text(model: Model, fields: dict[str, Any]) -> None:
    texts = {
        name: encode(value).decode() if isinstance(value, dict) else value for name, value in fields.items()
    }
    assert build(model, texts) == build(model, fields)
