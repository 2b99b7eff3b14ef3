"""Injected faults, as a client sees them."""

from __future__ import annotations

import httpx
import pytest

from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.sandbox_clients import START_TIME, Api, BrazeClient, MoEngageClient

START = "/messages/live_activity/start"
NOW = int(START_TIME.timestamp())


def started(running: RunningSandbox) -> int:
    return sum(activity.started for activity in running.sandbox.activities.values())


@pytest.mark.parametrize("fault", ["429", "500", "502", "503", "504"])
def test_a_refusal_is_not_carried_out(braze: BrazeClient, running: RunningSandbox, fault: str) -> None:
    answer = braze.start(headers={"X-Sandbox-Fault": fault})
    assert (answer.status_code, list(answer.json())) == (int(fault), ["message"])
    assert started(running) == 0


@pytest.mark.parametrize("fault", ["500_after", "503_after", "504_after"])
def test_an_error_may_follow_a_request_that_was_carried_out(
    braze: BrazeClient, running: RunningSandbox, fault: str
) -> None:
    assert braze.start(headers={"X-Sandbox-Fault": fault}).status_code == int(fault[:3])
    assert started(running) == 2


@pytest.mark.parametrize(("fault", "cards"), [("drop_before", 0), ("drop_after", 2)])
def test_a_dropped_connection_ends_without_an_answer(
    braze: BrazeClient, running: RunningSandbox, fault: str, cards: int
) -> None:
    with pytest.raises((httpx.RemoteProtocolError, httpx.ReadError)):
        braze.start(headers={"X-Sandbox-Fault": fault})
    assert started(running) == cards
    assert braze.start().status_code == 201  # the next connection is as good as ever


@pytest.mark.parametrize(("fault", "cards"), [("hang", 0), ("hang_after", 2)])
def test_a_hanging_request_lasts_until_the_client_gives_up(
    braze: BrazeClient, running: RunningSandbox, fault: str, cards: int
) -> None:
    with pytest.raises(httpx.ReadTimeout):
        braze.start(headers={"X-Sandbox-Fault": fault}, timeout=0.2)
    assert started(running) == cards


def test_a_proxy_answers_with_a_page(braze: BrazeClient) -> None:
    answer = braze.start(headers={"X-Sandbox-Fault": "html"})
    assert (answer.status_code, answer.headers["content-type"]) == (503, "text/html")
    assert answer.text.startswith("<html>")


def test_an_injected_429_says_when_to_come_back(
    braze: BrazeClient, moengage: MoEngageClient, api: Api
) -> None:
    api.post("/faults", json={"fault": "429", "times": 2, "reset_in": 7})
    answer = braze.start()
    assert answer.status_code == 429
    assert (answer.headers["X-RateLimit-Remaining"], answer.headers["X-RateLimit-Reset"]) == (
        "0",
        str(NOW + 7),
    )
    answer = moengage.call("start")
    assert (answer.status_code, answer.json()) == (429, [])
    assert answer.headers["x-ratelimit-reset"] == str(NOW + 7)


def test_an_injected_429_may_come_without_headers(braze: BrazeClient, running: RunningSandbox) -> None:
    running.sandbox.add_fault("429", reset_in=None)
    assert "X-RateLimit-Reset" not in braze.start().headers


def test_moengages_500_has_its_documented_body(moengage: MoEngageClient) -> None:
    answer = moengage.call("start", headers={"X-Sandbox-Fault": "500"})
    expected = {"error": {"code": "ServerError", "message": "Internal Server Error, something went wrong"}}
    assert (answer.status_code, answer.json()) == (500, expected)


def test_after_a_lost_answer_moengage_knows_the_instance_id(moengage: MoEngageClient) -> None:
    lost = moengage.call("start", {"instance_id": "i"}, headers={"X-Sandbox-Fault": "503_after"})
    assert lost.status_code == 503
    again = moengage.call("start", {"instance_id": "i"})
    assert again.json()["error"]["message"] == "Duplicate Request, please use different instance_id"


def test_planned_faults_skip_hit_and_are_used_up(braze: BrazeClient, api: Api) -> None:
    planned = {"path": START, "fault": "500", "times": 2, "skip": 1}
    assert api.post("/faults", json=planned).status_code == 201
    assert braze.update().status_code == 201  # another path
    assert [braze.start().status_code for _ in range(4)] == [201, 500, 500, 201]
    assert api.read("/faults") == []


def test_a_fault_without_a_count_lasts_until_it_is_cleared(braze: BrazeClient, api: Api) -> None:
    api.post("/faults", json={"fault": "503", "times": None})
    assert [braze.start().status_code for _ in range(3)] == [503] * 3
    api.delete("/faults")
    assert braze.start().status_code == 201


def test_an_unknown_fault_is_refused(braze: BrazeClient, api: Api) -> None:
    assert api.post("/faults", json={"fault": "418"}).status_code == 422
    assert braze.start(headers={"X-Sandbox-Fault": "418"}).status_code == 400


def test_the_log_shows_what_was_sent_and_what_was_done(braze: BrazeClient, api: Api) -> None:
    with pytest.raises(httpx.TransportError):
        braze.start(headers={"X-Sandbox-Fault": "drop_after"})
    (request,) = api.read("/requests")["requests"]
    assert (request["status"], request["fault"], request["carried_out"]) == (None, "drop_after", True)
    assert request["recipients"] == 2


def test_faults_of_one_name_are_cleared(api: Api) -> None:
    for fault in ("429", "500", "429"):
        api.post("/faults", json={"fault": fault})
    assert api.delete("/faults", params={"fault": "429"}).status_code == 204
    assert [planned["fault"] for planned in api.read("/faults")] == ["500"]
