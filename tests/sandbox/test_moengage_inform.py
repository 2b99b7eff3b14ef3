"""MoEngage's Inform endpoint: its key, its limits and its error codes, each over real HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.clock import Clock
from tests.support.sandbox_clients import LOCAL, START_TIME, WITHOUT, Api, changed

SEND = "/v1.0/alerts/send"
NOW = int(START_TIME.timestamp())
ALERT: dict[str, Any] = {
    "alert_id": "a-1",
    "user_id": "ada",
    "transaction_id": "t-1",
    "payloads": {
        "PUSH": {
            "live_activity_attributes": {
                "la_type": "start",
                "attribute_info": {"order": "1042"},
                "content_state": {"eta": 12},
            }
        }
    },
}
PUSH = "payloads.PUSH"
ACTIVITY = f"{PUSH}.live_activity_attributes"


class Client(httpx.Client):
    def __init__(self, url: str) -> None:
        auth, headers = ("SANDBOX", "sandbox-inform-key"), {"MOE-APPKEY": "SANDBOX"}
        super().__init__(base_url=url, auth=auth, headers=headers, timeout=5, **LOCAL)

    def send_alert(self, changes: dict[str, Any] | None = None, **request: Any) -> httpx.Response:
        return self.post(SEND, json=changed(ALERT, changes or {}), **request)

    def change(self, la_type: str, **state: Any) -> httpx.Response:
        activity = {"la_type": la_type, "content_state": state}
        return self.send_alert({ACTIVITY: activity})


@pytest.fixture
def inform(running: RunningSandbox) -> Iterator[Client]:
    with Client(running.url) as client:
        yield client


def code(answer: httpx.Response) -> tuple[int, int]:
    return answer.status_code, answer.json()["status_code"]


def test_the_calls_of_one_transaction_are_one_card(inform: Client, api: Api, clock: Clock) -> None:
    answer = inform.send_alert()
    assert answer.status_code == 200
    assert answer.json()["message"] == "Successfully Received"
    clock.advance(minutes=5)
    assert inform.change("update", eta=3).status_code == 200
    clock.advance(minutes=5)
    assert inform.change("end", eta=0).status_code == 200
    phone = api.phone("ada", "t-1")
    assert (phone["status"], phone["updates"], phone["content_state"]) == ("ended", 1, {"eta": 0})


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"alert_id": WITHOUT}, 120002),
        ({"transaction_id": WITHOUT}, 120003),
        ({"transaction_id": ""}, 120003),
        ({"transaction_id": "x" * 51}, 120004),
        ({"guess": 1}, 120006),
        ({"payloads": {}}, 120006),
        ({f"{ACTIVITY}.la_type": "stop"}, 120006),
        ({f"{ACTIVITY}.content_state": "text"}, 120006),
        ({f"{PUSH}.personalized_attributes": {"dismissal_date": "tomorrow"}}, 120006),
        ({f"{PUSH}.personalized_attributes": {"dismissal_date": str(NOW * 1000)}}, 120006),
        ({f"{PUSH}.personalized_attributes": {"dismissal_date": str(NOW)}}, 120006),
        ({f"{ACTIVITY}.content_state": {"text": "x" * 1501}}, 120007),
    ],
)
def test_the_400_catalogue(inform: Client, changes: dict[str, Any], expected: int) -> None:
    answer = inform.send_alert(changes)
    assert code(answer) == (400, expected)
    assert answer.json()["err_code"] == "BAD_REQUEST"


def test_alerts_and_recipients_can_be_unknown(inform: Client, running: RunningSandbox) -> None:
    running.sandbox.change_settings(moengage_alerts=["a-2"])
    assert code(inform.send_alert()) == (400, 120002)
    running.sandbox.change_settings(moengage_alerts=[], moengage_invalid_recipients=["ada"])
    assert code(inform.send_alert()) == (400, 120012)
    running.sandbox.change_settings(moengage_invalid_recipients=[], moengage_recipient_required=True)
    assert code(inform.send_alert()) == (400, 120012)
    assert inform.send_alert({f"{PUSH}.recipient": "token"}).status_code == 200


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        (("SANDBOX", "sandbox-push-key"), {"MOE-APPKEY": "SANDBOX"}),
        (("OTHER", "sandbox-inform-key"), {"MOE-APPKEY": "SANDBOX"}),
        (("SANDBOX", "sandbox-inform-key"), {"X-MOE-APPKEY": "SANDBOX"}),
        (None, {"MOE-APPKEY": "SANDBOX"}),
    ],
)
def test_only_the_inform_key_and_the_header_without_an_x_are_taken(
    running: RunningSandbox, auth: tuple[str, str] | None, headers: dict[str, str]
) -> None:
    answer = httpx.post(f"{running.url}{SEND}", json=ALERT, auth=auth, headers=headers)
    assert code(answer) == (401, 120001)


def test_a_transaction_is_a_duplicate_for_five_minutes(inform: Client, clock: Clock) -> None:
    inform.send_alert()
    clock.advance(seconds=299)
    duplicate = inform.change("update", eta=1)
    assert code(duplicate) == (409, 120105)
    assert duplicate.json()["err_code"] == "DUPLICATE_REQUEST_RECEIVED"
    clock.advance(seconds=1)
    assert inform.change("update", eta=1).status_code == 200


def test_start_update_and_end_may_be_counted_apart(inform: Client, running: RunningSandbox) -> None:
    running.sandbox.change_settings(moengage_duplicates_by_type=True)
    inform.send_alert()
    assert code(inform.send_alert()) == (409, 120105)
    assert inform.change("update", eta=1).status_code == 200


def test_a_refused_alert_leaves_its_transaction_free(inform: Client) -> None:
    assert code(inform.send_alert({"alert_id": WITHOUT})) == (400, 120002)
    assert inform.send_alert().status_code == 200


def test_alerts_are_limited_by_the_minute(inform: Client, running: RunningSandbox, clock: Clock) -> None:
    running.sandbox.change_settings(moengage_alerts_per_minute=2)
    answers = [inform.send_alert({"transaction_id": f"t-{number}"}) for number in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert code(answers[2]) == (429, 140110)
    assert answers[2].headers["x-ratelimit-reset"] == str(NOW + 60)
    clock.advance(minutes=1)
    assert inform.send_alert({"transaction_id": "t-4"}).status_code == 200


def test_a_planned_failure_looks_like_inform_s_own(inform: Client, running: RunningSandbox) -> None:
    running.sandbox.add_fault("500", path=SEND)
    assert code(inform.send_alert()) == (500, 140109)
    running.sandbox.add_fault("429", path=SEND)
    assert code(inform.send_alert()) == (429, 140110)
