"""One pass: what each row needs is sent, once, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from airflow_provider_liveactivity.errors import (
    AuthenticationFailed,
    EmptyAudience,
    InvalidPayload,
    OutcomeUnknown,
    VendorUnavailable,
)
from airflow_provider_liveactivity.http.client import SendResult
from airflow_provider_liveactivity.sync.plan import REJECTED_RETRY
from airflow_provider_liveactivity.sync.records import Writer
from tests.support.clock import NOW
from tests.support.state_store import ProcessDied
from tests.support.sync_bench import Bench, minutes


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.engine.dispose()


def only(report: Any) -> dict[str, Any]:
    """Return the counts of a report that are not zero."""
    left_out = {"vendor", "seconds", "passes", "validate_only", "problems"}
    return {name: value for name, value in report.items() if value and name not in left_out}


def die() -> None:
    raise ProcessDied


def test_a_new_row_starts_a_changed_one_updates_an_ended_one_ends_and_the_rest_costs_nothing(
    bench: Bench,
) -> None:
    rows = [bench.row(f"order-{number}") for number in range(10)]
    assert only(bench.sync(rows)) == {"rows": 10, "started": 10, "requests": 10}
    assert only(bench.sync(rows)) == {"rows": 10, "unchanged": 10}

    rows[3] = bench.row("order-3", state=1)
    rows[4] = bench.row("order-4", ended=True)
    assert only(bench.sync(rows)) == {"rows": 10, "updated": 1, "ended": 1, "unchanged": 8, "requests": 2}
    assert bench.vendor.shown["order-3"] == [{"state": 0}, {"state": 1}]
    assert bench.vendor.ended == {"order-4"}

    assert only(bench.sync(rows)) == {"rows": 10, "unchanged": 10}  # an ended activity stays ended


def test_a_thousand_changes_are_a_thousand_requests(bench: Bench) -> None:
    bench.sync([bench.row(f"order-{number}") for number in range(3_000)], workers=64)
    report = bench.sync([bench.row(f"order-{n}", state=int(n < 1_000)) for n in range(3_000)], workers=64)
    assert only(report) == {"rows": 3_000, "updated": 1_000, "unchanged": 2_000, "requests": 1_000}


def test_the_same_state_in_another_spelling_is_no_change(bench: Bench) -> None:
    bench.sync([bench.row("order", '{"a": 1, "b": 2.5}')])
    assert only(bench.sync([bench.row("order", {"b": 2.5, "a": 1})])) == {"rows": 1, "unchanged": 1}


def test_texts_and_dates_that_change_without_the_state_are_not_sent(bench: Bench) -> None:
    bench.sync([bench.row("order")])
    changed = bench.row("order", notification={"alert": {"title": "New", "body": "text"}}, stale_date=NOW)
    assert only(bench.sync([changed])) == {"rows": 1, "unchanged": 1}


def test_an_activity_whose_moment_has_come_is_ended_although_its_row_has_vanished(bench: Bench) -> None:
    alert = {"alert": {"title": "Delivered", "body": "Enjoy"}}
    bench.sync([bench.row("order", 7, end_time=NOW + minutes(30), end_notification=alert)])
    assert only(bench.sync([])) == {"missing": 1}
    bench.clock.advance(minutes=30)
    assert only(bench.sync([])) == {"ended": 1, "requests": 1}
    assert bench.vendor.bodies[-1]["content_state"] == {"state": 7}
    assert bench.vendor.bodies[-1]["notification"] == alert


def test_the_moment_of_the_end_moves_without_a_request(bench: Bench) -> None:
    bench.sync([bench.row("order", end_time=NOW + minutes(30))])
    assert only(bench.sync([bench.row("order", end_time=NOW + minutes(60))])) == {"rows": 1, "unchanged": 1}
    bench.clock.advance(minutes=45)
    assert only(bench.sync([])) == {"missing": 1}
    bench.clock.advance(minutes=15)
    assert only(bench.sync([])) == {"ended": 1, "requests": 1}


def test_the_ends_of_many_activities_move_in_one_pass(bench: Bench) -> None:
    names = ("a", "b", "c")
    bench.sync([bench.row(name, end_time=NOW + minutes(30)) for name in names])
    later = [bench.row(name, end_time=NOW + minutes(60)) for name in names]
    assert only(bench.sync(later)) == {"rows": 3, "unchanged": 3}
    bench.clock.advance(minutes=45)
    assert only(bench.sync([])) == {"missing": 3}


def test_an_activity_without_an_end_is_closed_after_eight_hours_without_a_request(bench: Bench) -> None:
    bench.sync([bench.row("order")])
    bench.clock.advance(hours=8)
    assert only(bench.sync([bench.row("order", state=1)])) == {"rows": 1, "expired": 1}
    assert bench.statuses() == {"order": "ended"}


def test_a_vanished_row_is_kept_or_ended_as_asked(bench: Bench) -> None:
    bench.sync([bench.row("a"), bench.row("b")])
    assert only(bench.sync([bench.row("a")])) == {"rows": 1, "unchanged": 1, "missing": 1}
    report = bench.sync([bench.row("a")], on_missing="end")
    assert only(report) == {"rows": 1, "unchanged": 1, "ended": 1, "requests": 1}


def test_a_query_without_rows_ends_nothing_unless_that_is_allowed(bench: Bench) -> None:
    bench.sync([bench.row("a")])
    assert only(bench.sync([], on_missing="end")) == {"missing": 1}
    assert only(bench.sync([], on_missing="end", allow_end_all=True)) == {"ended": 1, "requests": 1}


def test_rows_that_name_no_activity_protect_the_others_from_being_ended(bench: Bench) -> None:
    bench.sync([bench.row("a"), bench.row("b")])
    report = bench.sync([bench.row("a"), bench.row("") | {"activity_id": None}], on_missing="end")
    assert only(report) == {"rows": 2, "unchanged": 1, "bad_rows": 1, "missing": 1}


def test_an_empty_query_fails_where_asked_after_the_ends_that_are_due(bench: Bench) -> None:
    bench.sync([bench.row("a", end_time=NOW + minutes(1))])
    bench.clock.advance(minutes=1)
    with pytest.raises(EmptyAudience):
        bench.sync([], on_empty="fail")
    assert bench.vendor.ended == {"a"}


BAD: list[tuple[dict[str, Any], str]] = [
    ({"external_user_id": None}, "exactly one of external_user_id"),
    ({"segment_id": "segment"}, "exactly one of external_user_id"),
    ({"external_user_id": None, "external_user_ids": "no json"}, "external_user_ids must be a list"),
    ({"external_user_id": None, "external_user_ids": [f"u{n}" for n in range(51)]}, "a request accepts 50"),
    ({"content_state": "{no json"}, "content_state is text that is not JSON"),
    ({"content_state": float("nan")}, "content_state must be an object"),
    ({"content_state": {"eta": float("nan")}}, "holds nan at 'eta'"),
    ({"content_state": '{"eta": NaN}'}, "holds NaN, which JSON cannot represent"),
    ({"content_state": '{"eta": 1e999}'}, "holds inf at 'eta'"),
    ({"content_state": {"text": "x" * 4_096}}, "Apple takes 4,096"),
    ({"content_state": None}, "content_state is required"),
    ({"end_time": datetime(2026, 7, 22, 13)}, "end_time has no UTC offset"),  # noqa: DTZ001
    ({"end_time": NOW - minutes(1)}, "end_time of a new activity is in the past"),
    ({"end_time": NOW + timedelta(hours=9)}, "end_time is more than 8 hours away"),
    ({"ended": "no"}, "ended must be true or false"),
    ({"activity_id": "é" * 129}, "activity_id has 258 bytes"),
    ({"activity_id": 1.5}, "activity_id is of the type float"),
    ({"activity_id": "\ud800"}, "half a character"),
    ({"notification": {"alert": "text only"}}, "notification.alert of a start needs a title and a body"),
    ({"stale_date": "tomorrow"}, "stale_date is not an ISO-8601"),
]


@pytest.mark.parametrize(("fields", "reason"), BAD, ids=[reason for _, reason in BAD])
def test_nothing_of_a_bad_row_is_sent_and_the_reason_is_told_without_values(
    bench: Bench, fields: dict[str, Any], reason: str
) -> None:
    report = bench.sync([bench.row("good"), {**bench.row("bad"), **fields}])
    assert only(report) == {"rows": 2, "started": 1, "bad_rows": 1, "requests": 1}
    (problem,) = report["problems"]
    assert problem["row"] == 2
    assert reason in problem["reason"]
    assert "user-" not in problem["reason"]

    with pytest.raises(InvalidPayload, match="1 rows are bad, so nothing was sent"):
        bench.sync([bench.row("other"), {**bench.row("bad"), **fields}], on_bad_row="fail")
    assert bench.vendor.requests == [("start", "good")]


def test_two_rows_of_one_activity_are_both_bad_and_its_due_end_is_sent_all_the_same(bench: Bench) -> None:
    bench.sync([bench.row("a", end_time=NOW + minutes(5))])
    twins = [bench.row("a", 1), bench.row("b"), bench.row("a", 2)]
    report = bench.sync(twins)
    assert only(report) == {"rows": 3, "started": 1, "bad_rows": 2, "requests": 1}
    assert [problem["reason"] for problem in report["problems"]] == [
        "has the same activity_id as row 3",
        "has the same activity_id as row 1",
    ]
    bench.clock.advance(minutes=5)
    assert bench.sync(twins)["ended"] == 1
    assert bench.vendor.shown["a"] == [{"state": 0}, {"state": 0}]


def test_a_bad_row_of_an_activity_that_must_end_does_not_keep_it_on(bench: Bench) -> None:
    bench.sync([bench.row("a", end_time=NOW + minutes(5))])
    bench.clock.advance(minutes=5)
    huge = bench.row("a", {"text": "x" * 4_096}, end_time=NOW + minutes(5))
    assert only(bench.sync([huge])) == {"rows": 1, "ended": 1, "bad_rows": 1, "requests": 1}


def test_unknown_columns_stop_everything_and_are_named(bench: Bench) -> None:
    with pytest.raises(
        InvalidPayload, match=r"unknown columns: contentstate, user\. The columns are activity"
    ):
        bench.sync([bench.row("a"), {**bench.row("b"), "user": "x", "contentstate": {}}])
    with pytest.raises(InvalidPayload, match="have no column activity_id"):
        bench.sync([{"content_state": {}}])
    assert not bench.vendor.requests


def test_a_function_turns_rows_into_fields(bench: Bench) -> None:
    def to_fields(row: dict[str, Any]) -> dict[str, Any]:
        return bench.row(row["id"], {"minutes": 10 / row["speed"]})

    report = bench.sync([{"id": "a", "speed": 2}, {"id": "b", "speed": 0}], transform=to_fields)
    assert only(report) == {"rows": 2, "started": 1, "bad_rows": 1, "requests": 1}
    assert report["problems"] == [{"row": 2, "reason": "transform raised ZeroDivisionError"}]


def test_a_start_without_an_answer_is_unknown_never_sent_again_and_still_updated_and_ended(
    bench: Bench,
) -> None:
    bench.vendor.fate = lambda verb, _: "lost_but_carried_out"
    assert only(bench.sync([bench.row("a")])) == {"rows": 1, "unknown": 1, "requests": 1}
    bench.vendor.fate = lambda verb, _: "accept"
    assert only(bench.sync([bench.row("a")])) == {"rows": 1, "unchanged": 1}
    assert bench.sync([bench.row("a", 1)])["updated"] == 1
    assert bench.statuses() == {"a": "unknown"}
    assert bench.sync([bench.row("a", ended=True)])["ended"] == 1
    assert bench.vendor.starts == {"a": 1}


def test_an_unknown_start_is_sent_again_or_fails_the_task_where_asked(bench: Bench) -> None:
    bench.vendor.fate = lambda verb, _: "lost"
    with pytest.raises(OutcomeUnknown, match="1 starts may have been carried out"):
        bench.sync([bench.row("a")], on_unknown="fail")
    bench.sync([bench.row("a")], on_unknown="fail")  # told once
    bench.vendor.fate = lambda verb, _: "accept"
    assert bench.sync([bench.row("a")], on_unknown="resend")["started"] == 1
    assert bench.statuses() == {"a": "on"}


def test_a_refused_start_is_tried_again_when_its_row_changes_or_after_a_while(bench: Bench) -> None:
    bench.vendor.fate = lambda verb, activity_id: "reject" if activity_id == "a" else "accept"
    rows = [bench.row("a"), bench.row("b")]
    assert only(bench.sync(rows)) == {"rows": 2, "started": 1, "rejected": 1, "requests": 2}
    assert only(bench.sync(rows)) == {"rows": 2, "unchanged": 2}
    assert bench.sync([bench.row("a", 1), rows[1]])["rejected"] == 1
    bench.clock.advance(seconds=REJECTED_RETRY.total_seconds())
    bench.vendor.fate = lambda verb, activity_id: "accept"
    assert bench.sync([bench.row("a", 1), rows[1]])["started"] == 1


def test_a_refused_update_and_end_are_tried_again_after_a_while(bench: Bench) -> None:
    bench.sync([bench.row("a"), bench.row("b")])
    bench.vendor.fate = lambda verb, _: "reject"
    rows = [bench.row("a", 1), bench.row("b", ended=True)]
    assert bench.sync(rows)["rejected"] == 2
    assert only(bench.sync(rows)) == {"rows": 2, "unchanged": 2}
    bench.clock.advance(seconds=REJECTED_RETRY.total_seconds())
    bench.vendor.fate = lambda verb, _: "accept"
    assert only(bench.sync(rows)) == {"rows": 2, "updated": 1, "ended": 1, "requests": 2}


def test_many_refused_rows_do_not_stop_the_others(bench: Bench) -> None:
    bench.sync([bench.row("first")])
    bench.vendor.fate = lambda verb, activity_id: "accept" if activity_id < "y" else "reject"
    rows = [bench.row(f"{name}{number}") for name in "xz" for number in range(40)]
    assert only(bench.sync(rows)) == {"rows": 80, "missing": 1, "started": 40, "rejected": 40, "requests": 80}


def test_where_every_start_is_refused_the_pass_stops_after_ten(bench: Bench) -> None:
    bench.vendor.fate = lambda verb, _: "reject"
    with pytest.raises(InvalidPayload):
        bench.sync([bench.row(f"order-{number}") for number in range(40)])
    assert len(bench.vendor.requests) == 10


@pytest.mark.parametrize("fate", ["lost", "lost_but_carried_out"])
def test_an_update_without_an_answer_is_repeated_by_the_next_pass_even_if_the_row_went_back(
    bench: Bench, fate: str
) -> None:
    bench.sync([bench.row("a", 0)])
    bench.vendor.fate = lambda verb, _: fate
    assert bench.sync([bench.row("a", 1)])["failed"] == 1
    bench.vendor.fate = lambda verb, _: "accept"
    assert bench.sync([bench.row("a", 0)])["updated"] == 1
    assert bench.vendor.shown["a"][-1] == {"state": 0}


def test_a_vendor_that_is_away_leaves_the_table_as_it_was(bench: Bench) -> None:
    bench.sync([bench.row("on")])
    bench.vendor.fate = lambda verb, _: "unavailable"
    rows = [bench.row("on", 1), bench.row("new")]
    with pytest.raises(VendorUnavailable):
        bench.sync(rows)
    assert bench.statuses() == {"on": "on"}
    bench.vendor.fate = lambda verb, _: "accept"
    assert only(bench.sync(rows)) == {"rows": 2, "started": 1, "updated": 1, "requests": 2}


def test_a_wrong_key_costs_one_request(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = SendResult(1, error=AuthenticationFailed("401.", status=401))
    answered: list[Any] = []

    def answer(request: Any) -> SendResult:
        answered.append(request)
        return refused

    monkeypatch.setattr(bench.vendor, "answer", answer)
    with pytest.raises(AuthenticationFailed):
        bench.sync([bench.row(f"order-{number}") for number in range(40)])
    assert len(answered) == 1
    assert bench.statuses() == {}


def test_updates_that_come_too_early_are_held_back_and_the_newest_state_is_sent(bench: Bench) -> None:
    bench.sync([bench.row("a", 0)])
    for state in (1, 2):
        assert only(bench.sync([bench.row("a", state)], min_update_interval=minutes(1))) == {
            "rows": 1,
            "held_back": 1,
        }
    bench.clock.advance(minutes=1)
    assert bench.sync([bench.row("a", 3)], min_update_interval=minutes(1))["updated"] == 1
    assert bench.vendor.shown["a"] == [{"state": 0}, {"state": 3}]


def test_updates_have_no_alert_unless_one_is_given_and_low_priority_where_asked(bench: Bench) -> None:
    alert = {"alert": {"title": "Here", "body": "At the door"}}
    bench.sync([bench.row("a"), bench.row("b")])
    bench.sync([bench.row("a", 1), bench.row("b", 1, update_notification=alert)])
    bench.sync([bench.row("a", 2), bench.row("b", 2, update_notification=alert)], silent_updates=True)
    sent = [(body["activity_id"], body.get("notification")) for body in bench.vendor.bodies[2:]]
    assert sorted(sent[:2]) == [("a", None), ("b", alert)]
    assert sorted(sent[2:]) == [("a", {"content-available": True}), ("b", alert)]


def test_fields_that_the_provider_does_not_know_are_added_to_the_request_that_they_are_for(
    bench: Bench,
) -> None:
    def row(state: int = 0, **more: Any) -> dict[str, Any]:
        further = {"extra_fields": {"a": 1}, "update_extra_fields": {"b": 2}, "end_extra_fields": {"c": 3}}
        return bench.row("order", state, end_time=NOW + minutes(5), **further, **more)

    bench.sync([row()])
    bench.sync([row(1)])
    bench.clock.advance(minutes=5)
    bench.sync([])  # the end of a row that has disappeared has them too
    sent = [{name: body[name] for name in body if name in "abc"} for body in bench.vendor.bodies]
    assert sent == [{"a": 1}, {"b": 2}, {"c": 3}]
    report = bench.sync([bench.row("other", end_extra_fields={"activity_id": "x"})])
    assert report["problems"][0]["reason"].startswith("extra_fields has activity_id, a field of this request")


def test_ends_leave_before_starts_and_updates(bench: Bench) -> None:
    names = ("row", "column", "missing", "bad")
    on = [bench.row(name, end_time=NOW + minutes(5)) for name in names]
    changes = [bench.row(f"change-{number}") for number in range(20)]
    bench.sync([*on, *changes])
    bench.clock.advance(minutes=5)
    bench.vendor.requests.clear()
    rows: list[dict[str, Any]] = [
        *(bench.row(f"new-{number}") for number in range(20)),
        *(bench.row(f"change-{number}", 1) for number in range(20)),
        bench.row("row", end_time=NOW + minutes(5)),
        bench.row("column", ended=True),
        bench.row("bad", "{no json"),
    ]
    bench.sync(rows, workers=1)
    sent = [verb for verb, _ in bench.vendor.requests]
    assert sent[:4] == ["end"] * 4
    assert sorted(sent[4:]) == ["start"] * 20 + ["update"] * 20


def test_a_validation_builds_everything_and_changes_nothing(bench: Bench) -> None:
    report = bench.sync([bench.row("a"), bench.row("b", "{no json")], validate_only=True)
    assert only(report) == {"rows": 2, "bad_rows": 1, "requests": 1}
    assert report["validate_only"]
    assert not bench.vendor.requests
    assert bench.statuses() == {}


def test_a_table_of_another_workspace_is_refused(bench: Bench) -> None:
    bench.sync([bench.row("a")])
    with pytest.raises(InvalidPayload, match=r"belongs to another workspace or app \(braze test app\)"):
        bench.sync([bench.row("b")], workspace="braze other app")
    assert bench.vendor.requests == [("start", "a")]


@pytest.mark.parametrize(
    ("statement", "reason"),
    [
        ("CREATE TABLE state (activity_id TEXT)", "lacks the columns activity_key, content_state"),
        ("UPDATE state_info SET schema_version = 0", "schema version 0, and this provider writes 1"),
    ],
)
def test_a_table_of_another_version_is_refused(bench: Bench, statement: str, reason: str) -> None:
    if statement.startswith("UPDATE"):
        bench.sync([])
    with bench.engine.begin() as connection:
        connection.execute(sa.text(statement))
    with pytest.raises(InvalidPayload, match=reason):
        bench.sync([bench.row("a")])
    assert not bench.vendor.requests


# Accesses of a pass with one row: begin, end, recover, read, claim, results.
CLAIM, RESULTS = 5, 6


def test_a_start_whose_process_died_is_unknown_to_the_next_attempt_and_counted_once(bench: Bench) -> None:
    attempt = Writer("dag", "run", "task", "0" * 16)
    with pytest.raises(ProcessDied):
        bench.sync([bench.row("a")], writer=attempt, interrupt={RESULTS: die})
    assert bench.statuses() == {"a": "starting"}
    assert only(bench.sync([bench.row("a")], writer=Writer())) == {"rows": 1, "left": 1}  # it may be alive
    assert only(bench.sync([bench.row("a")], writer=attempt)) == {"rows": 1, "unknown": 1, "unchanged": 1}
    assert only(bench.sync([bench.row("a")], writer=attempt)) == {"rows": 1, "unchanged": 1}
    assert bench.vendor.starts == {"a": 1}


def test_any_run_takes_over_when_the_lease_of_a_dead_one_is_over(bench: Bench) -> None:
    bench.sync([bench.row("b")])
    with pytest.raises(ProcessDied):
        bench.sync([bench.row("a"), bench.row("b", 1)], interrupt={RESULTS + 2: die})
    bench.clock.advance(minutes=6)
    report = bench.sync([bench.row("a"), bench.row("b", 1)])
    assert report["started"] == 0
    assert bench.vendor.starts == {"a": 1, "b": 1}
    assert bench.vendor.shown["b"][-1] == {"state": 1}


def test_a_process_that_died_before_its_claim_was_safe_leaves_nothing_unknown(bench: Bench) -> None:
    with pytest.raises(ProcessDied):
        bench.sync([bench.row("a")], interrupt={CLAIM: die})
    assert only(bench.sync([bench.row("a")])) == {"rows": 1, "started": 1, "requests": 1}


def test_of_two_runs_that_start_the_same_activity_one_does(bench: Bench) -> None:
    rows = [bench.row("a"), bench.row("b"), bench.row("c")]
    report = bench.sync(rows, interrupt={CLAIM: lambda: bench.sync(rows)})
    assert report["started"] == 0
    assert report["left"] == 3
    assert bench.vendor.starts == {"a": 1, "b": 1, "c": 1}


@pytest.mark.parametrize("point", [2, 3, 4, CLAIM])
def test_a_run_with_an_older_state_does_not_overwrite_a_newer_one(bench: Bench, point: int) -> None:
    bench.sync([bench.row("a", 0)])
    newer = lambda: bench.sync([bench.row("a", 2)])  # noqa: E731
    report = bench.sync([bench.row("a", 1)], interrupt={point: newer})  # between its query and its claim
    assert report["updated"] == 0
    assert report["left"] == 1
    assert bench.vendor.shown["a"] == [{"state": 0}, {"state": 2}]


def test_a_vanished_row_that_a_newer_run_has_just_started_is_not_ended(bench: Bench) -> None:
    bench.sync([bench.row("a")])
    newer = lambda: bench.sync([bench.row("a"), bench.row("b")])  # noqa: E731
    report = bench.sync([bench.row("a")], on_missing="end", interrupt={3: newer})
    assert report["ended"] == 0
    assert bench.statuses() == {"a": "on", "b": "on"}


def test_no_text_of_the_log_or_report_names_a_person(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG", "airflow_provider_liveactivity")
    bench.vendor.fate = lambda verb, activity_id: "lost" if activity_id == "a" else "reject"
    report = bench.sync([bench.row("a"), bench.row("b"), bench.row("c", "{user-c")])
    for text in (caplog.text, json.dumps(report)):
        assert "user-" not in text
