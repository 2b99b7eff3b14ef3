"""The events of the wall: each change once, and as small as it can be."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import httpx
import pytest

from airflow_provider_liveactivity.sandbox import RunningSandbox, feed
from airflow_provider_liveactivity.sandbox.feed import Feed
from tests.support.clock import Clock
from tests.support.sandbox_clients import LOCAL, START_TIME, Api, BrazeClient, MoEngageClient


@pytest.fixture(autouse=True)
def look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Look at every activity at every visit: the tests have a clock of their own."""
    monkeypatch.setattr(feed, "SECONDS_PER_LOOK", 0.0)
    monkeypatch.setattr(feed, "SECONDS_PER_START", 0.0)


@pytest.fixture
def told(running: RunningSandbox) -> Feed:
    return Feed(running.sandbox)


def changes(told: Feed) -> list[dict[str, Any]]:
    return [change for event in told.events() for change in event["activities"]]


def users(found: list[dict[str, Any]]) -> list[str]:
    return [user for change in found for _, part in change.get("phones", ()) for user in part]


def test_a_first_visit_gets_every_phone_once(braze: BrazeClient, told: Feed) -> None:
    braze.start()
    [change] = changes(told)
    assert (change["vendor"], change["activity_id"]) == ("braze", "flight-UA100")
    assert users([change]) == ["ada", "bob"]
    assert change["attributes"] == [{"type": "FlightAttributes", "attributes": {"flight": "UA 100"}}]
    [view] = change["views"]
    assert (view["status"], view["starts"]) == ("on", [[0, 1]])
    assert view["content_state"] == {"status": "boarding", "delay": 0}
    assert changes(told) == []


def test_a_browser_that_reads_slowly_does_not_hold_the_sandbox(running: RunningSandbox, told: Feed) -> None:
    events = told.events()
    next(events)
    with ThreadPoolExecutor(1) as other:
        assert other.submit(running.sandbox.lock.acquire, timeout=10).result()
        other.submit(running.sandbox.lock.release).result()


def test_an_update_of_many_phones_is_one_change_without_users(braze: BrazeClient, told: Feed) -> None:
    for batch in range(20):
        braze.start({"external_user_ids": [f"user-{batch}-{number}" for number in range(50)]})
    assert len(users(changes(told))) == 1000
    braze.update({"notification": {"alert": {"title": "Late", "body": "5 minutes"}}})
    [change] = changes(told)
    assert "phones" not in change
    assert "starts" not in change
    [view] = change["views"]
    assert view["starts"] == [[0, 20]]
    assert view["alert"] == {"title": "Late", "body": "5 minutes"}
    assert len(json.dumps(change)) < 600


def test_a_new_start_tells_of_its_own_phones_only(braze: BrazeClient, told: Feed) -> None:
    braze.start()
    changes(told)
    braze.start({"external_user_ids": ["eve"]})
    [change] = changes(told)
    assert users([change]) == ["eve"]
    assert change["starts"][0][:2] == [1, 0]
    assert "attributes" not in {name for name in change if change[name]}


def test_updates_between_two_visits_are_one_change(braze: BrazeClient, told: Feed) -> None:
    braze.start()
    changes(told)
    for delay in range(30):
        braze.update({"content_state": {"status": "departed", "delay": delay}})
    [change] = changes(told)
    assert change["views"][0]["content_state"]["delay"] == 29


def test_time_alone_makes_a_card_stale_and_dismisses_it(braze: BrazeClient, told: Feed, clock: Clock) -> None:
    braze.start({"stale_date": (START_TIME + timedelta(minutes=10)).isoformat()})
    changes(told)
    clock.moment += timedelta(minutes=11)
    [stale] = changes(told)
    assert (stale["views"][0]["status"], stale["counts"]["stale"]) == ("stale", 2)
    clock.moment += timedelta(hours=12)
    [over] = changes(told)
    assert (over["views"][0]["status"], over["counts"]["dismissed"]) == ("dismissed", 2)
    assert changes(told) == []


def test_phones_that_an_end_did_not_reach_are_told_apart(braze: BrazeClient, told: Feed) -> None:
    braze.start()
    braze.update({"end_activity": True})
    braze.start({"external_user_ids": ["eve"]})
    braze.update()
    [change] = changes(told)
    assert {view["status"]: (view["starts"], view["missed"]) for view in change["views"]} == {
        "ended": ([[0, 1]], 1),
        "on": ([[1, 2]], 0),
    }


def test_a_user_with_two_cards_is_told(braze: BrazeClient, told: Feed) -> None:
    braze.start()
    changes(told)
    braze.start({"external_user_ids": ["ada"]})
    [change] = changes(told)
    assert change["twice"] == {"ada": 2}
    assert change["counts"]["started_twice"] == 1


def test_many_phones_come_in_several_events(running: RunningSandbox, moengage: MoEngageClient) -> None:
    running.sandbox.put_campaign("match-7", [f"user-{number}" for number in range(4500)])
    moengage.call("start")
    told = Feed(running.sandbox)
    parts = [len(users(changes(told))) for _ in range(4)]
    assert parts == [2000, 2000, 500, 0]


def test_phones_beyond_the_limit_are_counted(
    running: RunningSandbox, moengage: MoEngageClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "MAX_PHONES", 100)
    running.sandbox.put_campaign("match-7", [f"user-{number}" for number in range(250)])
    moengage.call("start")
    told = Feed(running.sandbox)
    [change] = changes(told)
    assert len(users([change])) == 100
    assert change["counts"]["phones"] == 250
    moengage.call("update")
    [change] = changes(told)
    assert change["counts"]["pushes"] == 1


def test_a_reset_is_told_and_everything_begins_anew(
    braze: BrazeClient, running: RunningSandbox, told: Feed
) -> None:
    braze.start()
    [first] = told.events()
    running.sandbox.reset()
    braze.start({"external_user_ids": ["eve"]})
    [again] = told.events()
    assert (first["reset"], again["reset"]) == (True, True)
    assert users(again["activities"]) == ["eve"]
    assert [request["number"] for request in again["requests"]] == [1]
    assert [event["reset"] for event in told.events()] == [False]


def test_a_page_of_one_activity_gets_its_changes_only(braze: BrazeClient, running: RunningSandbox) -> None:
    braze.start()
    braze.start({"activity_id": "another"})
    [change] = changes(Feed(running.sandbox, "another"))
    assert change["activity_id"] == "another"


def test_requests_are_told_with_verb_and_activity_but_no_body(
    braze: BrazeClient, moengage: MoEngageClient, told: Feed
) -> None:
    braze.start()
    braze.update({"end_activity": True})
    moengage.call("start", headers={"X-Sandbox-Fault": "500"})
    [event] = told.events()
    seen = [(one["verb"], one["activity_id"], one["status"], one["fault"]) for one in event["requests"]]
    assert seen == [
        ("start", "flight-UA100", 201, None),
        ("end", "flight-UA100", 201, None),
        ("start", "match-7", 500, "500"),
    ]
    assert not {"body", "headers"} & event["requests"][0].keys()


def test_requests_that_are_left_out_are_counted(
    braze: BrazeClient, told: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "REQUESTS_PER_EVENT", 2)
    for _ in range(5):
        braze.update()
    [event] = told.events()
    assert ([request["number"] for request in event["requests"]], event["requests_left_out"]) == ([4, 5], 3)


def test_quotas_and_faults_come_with_the_events(braze: BrazeClient, told: Feed, api: Api) -> None:
    api.post("/faults", json={"fault": "429", "times": None})
    [event] = told.events()
    quotas = [(quota["vendor"], quota["name"], quota["remaining"]) for quota in event["quotas"]]
    assert quotas == [
        ("braze", "requests", 250_000),
        ("moengage", "starts", 5),
        ("moengage", "updates, ends", 500),
    ]
    assert [fault["fault"] for fault in event["faults"]] == ["429"]


def test_events_arrive_over_http(running: RunningSandbox, braze: BrazeClient) -> None:
    braze.start()
    url = f"{running.url}/sandbox/events"
    with httpx.stream("GET", url, timeout=5, **LOCAL) as answer:
        assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
        lines = answer.iter_lines()
        data = next(line for line in lines if line.startswith("data: "))
        assert users(json.loads(data.removeprefix("data: "))["activities"]) == ["ada", "bob"]
        braze.update()
        data = next(line for line in lines if line.startswith("data: ") and '"views"' in line)
    [change] = json.loads(data.removeprefix("data: "))["activities"]
    assert change["views"][0]["content_state"] == {"status": "departed", "delay": 5}
