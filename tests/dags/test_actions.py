"""The DAGs behind the buttons of the board, against the sandbox."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from airflow_provider_liveactivity.hooks.braze import BrazeHook
from airflow_provider_liveactivity.hooks.moengage import MoEngageHook
from airflow_provider_liveactivity.sandbox import RunningSandbox

Run = Callable[..., str]
ALERT = {"title": "Derby", "body": "Kick-off"}
#: A team whose name looks like a template: the form is data, which Airflow must not render.
STATE = {"home": 2, "scorer": "{{ params.vendor }}"}
each_vendor = pytest.mark.parametrize("vendor", ["braze", "moengage"])


def start(sandbox: RunningSandbox, vendor: str, activity_id: str) -> dict[str, Any]:
    """Start an activity and return the form of its board."""
    if vendor == "braze":
        BrazeHook().start_live_activity(
            activity_id=activity_id,
            activity_attributes_type="Match",
            activity_attributes={"home": "City"},
            content_state={"home": 0},
            notification={"alert": ALERT},
            external_user_ids=["fan"],
        )
    else:
        httpx.put(
            f"{sandbox.url}/sandbox/campaigns/{activity_id}", json={"users": ["fan"]}
        ).raise_for_status()
        MoEngageHook().start_broadcast(
            broadcast_live_activity_id=activity_id,
            attribute_type="Match",
            attribute_info={"home": "City"},
            content_state={"home": 0},
            alert=ALERT,
        )
    alert = {"alert": ALERT} if vendor == "braze" else ALERT
    target = {"vendor": vendor, "conn_id": f"{vendor}_default", "activity_id": activity_id, "app_id": None}
    return {**target, "content_state": STATE, "alert": alert}


def phone(sandbox: RunningSandbox, activity_id: str) -> tuple[str, Any]:
    found = httpx.get(f"{sandbox.url}/sandbox/phones", params={"activity_id": activity_id}).json()["phones"]
    return found[0]["status"], found[0]["content_state"]


@each_vendor
def test_end_now_ends_the_activity_of_the_form(run: Run, sandbox: RunningSandbox, vendor: str) -> None:
    form = start(sandbox, vendor, "end-now")
    run("live_activity_end_now", **form, dismissal_date="PT30M")
    assert phone(sandbox, "end-now") == ("ended", STATE)


@each_vendor
def test_update_now_sends_the_state_of_the_form(run: Run, sandbox: RunningSandbox, vendor: str) -> None:
    form = start(sandbox, vendor, "update-now")
    run("live_activity_update_now", **form)
    assert phone(sandbox, "update-now") == ("running", STATE)


def test_a_form_without_an_activity_sends_nothing(run: Run, sandbox: RunningSandbox) -> None:
    target = {"vendor": "braze", "conn_id": "braze_default", "activity_id": ""}
    run("live_activity_end_now", state="failed", **target, content_state={"home": 1}, alert=None)
    assert httpx.get(f"{sandbox.url}/sandbox/requests").json()["requests"] == []
