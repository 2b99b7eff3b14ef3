"""What the phones show through the life of an activity."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.clock import Clock
from tests.support.sandbox_clients import START_TIME, WITHOUT, Api, BrazeClient, MoEngageClient

NOW = int(START_TIME.timestamp())


def test_a_braze_activity_from_start_to_dismissal(braze: BrazeClient, api: Api, clock: Clock) -> None:
    braze.start({"stale_date": "2026-11-22T14:00:00+0000"})
    phone = api.phone("ada")
    assert phone["status"] == "running"
    assert (phone["attributes_type"], phone["attributes"]) == ("FlightAttributes", {"flight": "UA 100"})
    assert phone["content_state"] == {"status": "boarding", "delay": 0}
    assert phone["stale_date"] == "2026-11-22T14:00:00.000000+00:00"

    clock.advance(hours=1)
    braze.update({"stale_date": "2026-11-22T15:00:00+0000", "notification": {"alert": "Off we go"}})
    phone = api.phone("ada")
    assert (phone["content_state"]["status"], phone["updates"]) == ("departed", 1)
    assert phone["alerts"] == [{"title": "Boarding", "body": "Gate C12"}, "Off we go"]

    clock.advance(hours=2)  # past the new stale date
    assert api.phone("ada")["status"] == "stale"
    assert api.read("/summary")["stale_cards"] == 2

    braze.update({"content_state": {"status": "landed"}, "end_activity": True})
    phone = api.phone("ada")
    assert (phone["status"], phone["content_state"]) == ("ended", {"status": "landed"})
    assert phone["ended_at"] == "2026-11-22T15:30:00.000000+00:00"
    assert phone["dismissal_at"] == "2026-11-22T19:30:00.000000+00:00"

    clock.advance(hours=4)
    assert api.phone("ada")["status"] == "dismissed"
    summary = api.read("/summary")
    assert (summary["dismissed"], summary["running"], summary["stale_cards"]) == (2, 0, 0)


@pytest.mark.parametrize(
    ("dismissal_date", "expected"),
    [
        (datetime(2026, 11, 22, 12, 0, tzinfo=UTC), "2026-11-22T12:30:00"),  # past: at once
        (datetime(2026, 11, 22, 13, 0, tzinfo=UTC), "2026-11-22T13:00:00"),
        (datetime(2026, 11, 23, 12, 0, tzinfo=UTC), "2026-11-22T16:30:00"),  # four hours at most
    ],
)
def test_an_ended_card_leaves_at_its_dismissal_date_within_four_hours(
    braze: BrazeClient, api: Api, dismissal_date: datetime, expected: str
) -> None:
    braze.start()
    braze.update({"end_activity": True, "dismissal_date": dismissal_date.strftime("%Y-%m-%dT%H:%M:%S+0000")})
    assert api.phone("ada")["dismissal_at"].startswith(expected)


def test_a_dismissal_date_without_an_end_dismisses_nothing_at_braze(braze: BrazeClient, api: Api) -> None:
    braze.start()
    braze.update({"dismissal_date": "2026-11-22T12:00:00+0000"})
    phone = api.phone("ada")
    assert (phone["status"], phone["dismissal_at"]) == ("running", None)


def test_after_eight_hours_neither_update_nor_end_arrives(braze: BrazeClient, api: Api, clock: Clock) -> None:
    braze.start()
    clock.advance(hours=7, minutes=59)
    braze.update()
    clock.advance(minutes=1)
    assert (
        braze.update({"content_state": {}, "end_activity": True}).status_code == 201
    )  # the response does not show it
    phone = api.phone("ada")
    assert (phone["status"], phone["updates"], phone["missed"]) == ("stale", 1, 1)
    assert phone["content_state"] == {"status": "departed", "delay": 5}
    assert api.read("/summary")["stale_cards"] == 2
    clock.advance(hours=4)
    assert api.phone("ada")["status"] == "dismissed"  # iOS removes an activity that was not ended


def test_what_comes_after_the_end_is_missed(braze: BrazeClient, api: Api) -> None:
    braze.start()
    braze.update({"end_activity": True})
    braze.update({"content_state": {"status": "too late"}})
    phone = api.phone("ada")
    assert (phone["status"], phone["content_state"]["status"], phone["missed"]) == ("ended", "departed", 1)


def test_a_second_start_is_a_second_card_on_the_same_lock_screen(braze: BrazeClient, api: Api) -> None:
    braze.start()
    braze.start({"external_user_ids": ["ada", "eve"]})
    assert [api.phone(user)["cards"] for user in ("ada", "bob", "eve")] == [2, 1, 1]
    summary = api.read("/summary")
    assert (summary["started"], summary["started_twice"], summary["running"]) == (4, 1, 3)
    braze.start({"external_user_ids": ["ada"]})
    assert (api.phone("ada")["cards"], api.read("/summary")["started_twice"]) == (3, 1)


def test_a_start_after_the_end_begins_a_new_activity(braze: BrazeClient, api: Api) -> None:
    braze.start()
    braze.update({"end_activity": True})
    braze.start({"content_state": {"status": "again"}})
    phone = api.phone("ada")
    assert (phone["cards"], phone["status"], phone["content_state"]) == (1, "running", {"status": "again"})
    assert phone["updates"] == 0  # what came before the card cannot have reached it
    assert api.read("/summary")["started_twice"] == 0


def test_one_person_named_twice_in_a_request_gets_one_card(braze: BrazeClient, api: Api) -> None:
    braze.start({"external_user_ids": ["ada", "ada"]})
    assert api.phone("ada")["cards"] == 1


def test_an_alias_is_a_phone_too(braze: BrazeClient, api: Api) -> None:
    alias = {"alias_name": "ada", "alias_label": "crm"}
    braze.start({"external_user_ids": WITHOUT, "user_aliases": [alias]})
    assert api.phone("crm:ada")["status"] == "running"


def test_a_segment_start_reaches_its_users(braze: BrazeClient, api: Api) -> None:
    api.put("/segments/fans", json={"users": ["ada", "eve", "ada"]})
    braze.start({"external_user_ids": WITHOUT, "segment_id": "fans"})
    assert api.read("/phones")["total"] == 2


def test_a_connected_audience_reaches_everyone_known(braze: BrazeClient, api: Api) -> None:
    api.put("/segments/fans", json={"users": ["ada", "eve"]})
    audience = {"email_subscription_status": {"comparison": "is", "value": "subscribed"}}
    braze.start({"external_user_ids": WITHOUT, "custom_audience": audience})
    assert api.read("/phones")["total"] == 2


def test_unknown_people_get_nothing_when_only_the_known_have_phones(
    braze: BrazeClient, api: Api, running: RunningSandbox
) -> None:
    api.put("/segments/fans", json={"users": ["ada"]})
    running.sandbox.change_settings(known_users_only=True)
    assert braze.start().status_code == 201
    assert [phone["user"] for phone in api.read("/phones")["phones"]] == ["ada"]


def test_content_above_four_kilobytes_is_accepted_and_shows_on_no_phone(braze: BrazeClient, api: Api) -> None:
    assert braze.start({"content_state": {"text": "x" * 4096}}).status_code == 201
    assert api.read("/phones")["total"] == 0
    assert api.read("/summary")["too_large"] == 1


@pytest.mark.parametrize("end", [False, True])
def test_a_push_above_four_kilobytes_is_accepted_and_changes_no_phone(
    braze: BrazeClient, api: Api, end: bool
) -> None:
    braze.start()
    before = api.phone("ada")["content_state"]
    too_large = {"content_state": {"text": "x" * 4050}, "end_activity": end}
    assert braze.update(too_large).status_code == 201
    assert api.phone("ada")["content_state"] == before
    assert api.read("/summary")["too_large"] == 1
    assert braze.update({"content_state": {"text": "x" * 4000}, "end_activity": end}).status_code == 201
    assert api.phone("ada")["content_state"] != before


@pytest.mark.parametrize(("size", "arrives"), [(256, True), (257, False)])
def test_no_update_reaches_an_activity_whose_id_is_no_tag(
    braze: BrazeClient, api: Api, size: int, arrives: bool
) -> None:
    activity_id = "x" * size
    assert braze.start({"activity_id": activity_id}).status_code == 201
    assert braze.update({"activity_id": activity_id}).status_code == 201
    shown = api.phone("ada", activity_id)["content_state"]["status"]
    assert shown == ("departed" if arrives else "boarding")


def test_an_update_takes_its_predecessors_stale_date_away(braze: BrazeClient, api: Api) -> None:
    braze.start({"stale_date": "2026-11-22T12:00:00+0000"})
    assert api.phone("ada")["status"] == "stale"
    braze.update()
    phone = api.phone("ada")
    assert (phone["status"], phone["stale_date"]) == ("running", None)


def test_a_moengage_broadcast_from_start_to_end(moengage: MoEngageClient, api: Api, clock: Clock) -> None:
    moengage.call("start")
    assert api.read("/phones", activity_id="match-7")["total"] == 3
    moengage.call("update", {"ios.stale_date": NOW + 60})
    phone = api.phone("eve", "match-7")
    assert (phone["vendor"], phone["content_state"], phone["updates"]) == (
        "moengage",
        {"home": 1, "away": 0},
        1,
    )
    assert phone["alerts"][-1] == {"title": "Goal!", "body": "1 - 0"}
    clock.advance(minutes=2)
    assert api.phone("eve", "match-7")["status"] == "stale"
    moengage.call("end", {"ios.content_state": {"home": 2, "away": 1}})
    phone = api.phone("eve", "match-7")
    assert (phone["status"], phone["content_state"]) == ("ended", {"home": 2, "away": 1})


def test_moengage_dismisses_by_itself_at_the_date_set_last(
    moengage: MoEngageClient, api: Api, clock: Clock
) -> None:
    moengage.call("start", {"ios.dismissal_date": NOW + 60})
    moengage.call("update", {"ios.dismissal_date": NOW + 120})
    moengage.call("update")
    clock.advance(seconds=119)
    assert api.phone("ada", "match-7")["status"] == "running"
    clock.advance(seconds=1)
    assert api.phone("ada", "match-7")["status"] == "dismissed"


def test_the_same_id_at_both_vendors_is_two_activities(
    braze: BrazeClient, moengage: MoEngageClient, api: Api
) -> None:
    braze.start({"activity_id": "match-7"})
    moengage.call("start")
    phones = api.read("/phones", activity_id="match-7", user="ada")["phones"]
    assert [(phone["vendor"], phone["cards"]) for phone in phones] == [("braze", 1), ("moengage", 1)]


def test_a_million_phones_share_what_a_start_brought(running: RunningSandbox, braze: BrazeClient) -> None:
    running.sandbox.put_segment("all", "All", [str(number) for number in range(100_000)])
    braze.start({"external_user_ids": WITHOUT, "segment_id": "all"})
    activity = running.sandbox.activities["braze", "flight-UA100"]
    assert len(activity.starts) == 1
    assert {id(start) for start in activity.cards.values()} == {id(activity.starts[0])}
