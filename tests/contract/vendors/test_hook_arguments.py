"""Hook calls: what has a wrong name is refused before anything is read or sent, dry run or not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from tests.support.vendor_adapters import BRAZE, MOENGAGE, STATES

Hook = BrazeHook | MoEngageHook
ORDER: dict[str, Any] = {"activity_id": "order", "alert_id": "a-1", "external_user_ids": ["anja-k"]}
CAMPAIGN: dict[str, Any] = {
    "name": "Match",
    "broadcast_live_activity_id": "match-1",
    "created_by": "anja@example.com",
    "all_users": True,
}
#: Each call with good arguments, and an argument that it has, misspelt.
CALLS: dict[str, tuple[Callable[..., Any], dict[str, Any], str, str]] = {
    "start": (
        BrazeHook.start_live_activity,
        {"content_state": STATES["start"], **BRAZE.fields["start"]},
        "max_audiences",
        "max_audience",
    ),
    "update": (
        BrazeHook.update_live_activity,
        {"content_state": STATES["update"], **BRAZE.fields["update"]},
        "stale_dat",
        "stale_date",
    ),
    "end": (
        BrazeHook.end_live_activity,
        {"content_state": STATES["end"], **BRAZE.fields["end"]},
        "dismisal_date",
        "dismissal_date",
    ),
    "broadcast start": (
        MoEngageHook.start_broadcast,
        {"content_state": STATES["start"], **MOENGAGE.fields["start"]},
        "possibly_sent_befor",
        "possibly_sent_before",
    ),
    "broadcast update": (
        MoEngageHook.update_broadcast,
        {"content_state": STATES["update"], **MOENGAGE.fields["update"]},
        "onrate",
        "on_rate_limit",
    ),
    "broadcast end": (
        MoEngageHook.end_broadcast,
        {"content_state": STATES["end"], **MOENGAGE.fields["end"]},
        "instanceid",
        "instance_id",
    ),
    "user start": (MoEngageHook.start_live_activity, ORDER, "transactionid", "transaction_id"),
    "user update": (MoEngageHook.update_live_activity, ORDER, "maxworkers", "max_workers"),
    "user end": (MoEngageHook.end_live_activity, ORDER, "external_user_id", "external_user_ids"),
    "campaign": (MoEngageHook.create_broadcast_campaign, CAMPAIGN, "segmentid", "segment_id"),
}
each_call = pytest.mark.parametrize("name", CALLS)


def hook_of(call: Callable[..., Any]) -> Hook:
    """A hook of a connection that does not exist: reading it would be another error."""
    return BrazeHook("nowhere") if call.__qualname__.startswith("BrazeHook") else MoEngageHook("nowhere")


@each_call
@pytest.mark.parametrize("validate_only", [True, False])
def test_a_misspelt_argument_is_refused_and_the_right_one_named(name: str, validate_only: bool) -> None:
    call, fields, wrong, right = CALLS[name]
    with pytest.raises(InvalidPayload, match=rf"has no argument {wrong}; did you mean {right}\?") as refused:
        call(hook_of(call), **fields, **{wrong: "hunter2"}, validate_only=validate_only)
    assert isinstance(refused.value, TypeError)
    assert not refused.value.retryable
    assert "hunter2" not in str(refused.value)


@each_call
def test_an_argument_like_no_other_is_refused_and_the_right_ones_listed(name: str) -> None:
    call, fields, *_ = CALLS[name]
    with pytest.raises(InvalidPayload, match=r"has no argument zzz; it takes .*validate_only"):
        call(hook_of(call), **fields, zzz=1)


@each_call
def test_a_missing_argument_is_named(name: str) -> None:
    call, fields, *_ = CALLS[name]
    needed = next(iter({"activity_id", "broadcast_live_activity_id"} & fields.keys()))
    with pytest.raises(InvalidPayload, match=f"needs {needed}"):
        call(hook_of(call), **{key: value for key, value in fields.items() if key != needed})


@pytest.mark.parametrize("value", ["false", "true", 1, None])
def test_all_users_must_be_true(value: Any) -> None:
    fields = {**CAMPAIGN, "all_users": value, "segment_id": "few"}
    with pytest.raises(InvalidPayload, match="all_users must be True or False"):
        MoEngageHook("nowhere").create_broadcast_campaign(**fields, validate_only=True)
