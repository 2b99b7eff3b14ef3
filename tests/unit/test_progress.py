"""The progress of a send: text for the log, JSON for the UI."""

from __future__ import annotations

from typing import Any, cast

import pytest

from airflow_provider_liveactivity.delivery.options import DeliveryOptions
from airflow_provider_liveactivity.delivery.progress import Progress, ThroughputMeter
from airflow_provider_liveactivity.delivery.report import SendCounts, SendReport, summarize
from airflow_provider_liveactivity.errors import InvalidPayload


class Timer:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_the_log_line_contains_every_count() -> None:
    progress = Progress(250_000, 1_000_000, 50, 49_500.4, 990.2, 180_000)
    assert str(progress) == (
        "250,000 of 1,000,000 sent, 25 %, 49,500 recipients/s in 990 requests/s, about 15 seconds left, "
        "50 unknown, 180,000 requests left in the vendor's quota"
    )


def test_what_is_not_known_is_left_out() -> None:
    progress = Progress(250, None, 0, 0.0, 0.0, None)
    assert str(progress) == "250 sent, 0 recipients/s in 0 requests/s"
    assert progress.to_json() == {
        "sent": 250,
        "unknown": 0,
        "people_per_second": 0,
        "requests_per_second": 0,
    }


def test_the_ui_gets_plain_numbers() -> None:
    assert Progress(333, 1_000, 0, 100.0, 2.0, 5).to_json() == {
        "sent": 333,
        "total": 1_000,
        "percent": 33.3,
        "unknown": 0,
        "people_per_second": 100,
        "requests_per_second": 2,
        "seconds_left": 7,
        "quota_left": 5,
    }


def test_progress_is_due_every_five_seconds() -> None:
    timer, counts = Timer(), SendCounts()
    meter = ThroughputMeter(counts, timer)
    reports = []
    for _ in range(110):
        timer.now += 0.1
        counts.requests += 10
        counts.accepted += 500
        if meter.measure(counts):
            reports.append(meter.progress(counts, None, None))
    assert [round(progress.requests_per_second) for progress in reports] == [100, 100]
    assert [round(progress.people_per_second) for progress in reports] == [5_000, 5_000]


def test_what_earlier_attempts_have_sent_is_not_taken_for_speed() -> None:
    timer = Timer()
    counts = SendCounts(requests=10_000, accepted=500_000)
    meter = ThroughputMeter(counts, timer)
    assert meter.requests_per_second is None
    timer.now += 1.0
    counts.requests += 100
    meter.measure(counts)
    assert meter.requests_per_second == 100


def test_a_pause_is_not_taken_for_a_lower_speed() -> None:
    timer, counts = Timer(), SendCounts()
    meter = ThroughputMeter(counts, timer)
    for seconds, requests in ((1.0, 500), (30.0, 0), (1.0, 400)):
        timer.now += seconds
        counts.requests += requests
        meter.measure(counts)
        assert meter.requests_per_second == (requests or 500)


@pytest.mark.parametrize(
    ("speed", "rate", "ahead"),
    [
        (None, None, 128),
        (1_000, None, 250),
        (10, None, 32),
        (None, 10, 3),
        (10, 10, 3),
        (None, 0.1, 1),
        (900, 1_000, 225),
    ],
)
def test_a_quarter_of_a_seconds_work_is_written_ahead(
    speed: float | None, rate: float | None, ahead: int
) -> None:
    assert DeliveryOptions(max_requests_per_second=rate).prefetch(speed) == ahead


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"max_workers": 0}, "max_workers"),
        ({"max_requests_per_second": 0}, "max_requests_per_second"),
        ({"max_requests_per_second": float("nan")}, "max_requests_per_second"),
        ({"quota_reserve": 1.1}, "quota_reserve"),
        ({"quota_reserve": -0.1}, "quota_reserve"),
        ({"on_unknown": "ignore"}, "on_unknown"),
        ({"max_wait": -1}, "max_wait"),
        ({"max_wait": "long"}, "max_wait"),
    ],
)
def test_invalid_delivery_options_are_refused(wrong: dict[str, object], named: str) -> None:
    with pytest.raises(InvalidPayload, match=named):
        DeliveryOptions(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("options", "workers"),
    [
        (DeliveryOptions(), 128),
        (DeliveryOptions(max_workers=1_000), 256),
        (DeliveryOptions(max_requests_per_second=1), 3),
        (DeliveryOptions(max_requests_per_second=0.1), 1),
        (DeliveryOptions(max_requests_per_second=1_000), 128),
    ],
)
def test_there_are_as_many_workers_as_the_rate_can_use(options: DeliveryOptions, workers: int) -> None:
    assert options.workers == workers


@pytest.mark.parametrize(
    ("changes", "outcome"),
    [
        ({}, "1 of 1 accepted in 1 request"),
        (
            {"requests": 2_000, "accepted": 98_000, "recipients": 98_000},
            "98,000 of 98,000 accepted in 2,000 requests",
        ),
        (
            {"accepted": 0, "recipients": 3, "rejected": 1, "unknown": 2},
            "0 of 3 accepted in 1 request, 1 rejected, 2 unknown (the vendor may have carried them out)",
        ),
        (
            {"validate_only": True, "recipients": 50},
            "valid, nothing was sent (validate_only): 50 recipients in 1 request",
        ),
        ({"dropped": 1, "accepted": 0, "requests": 0}, "dropped, nothing was sent"),
    ],
)
def test_a_report_is_one_line_of_the_log_with_the_long_id_last(changes: dict[str, Any], outcome: str) -> None:
    report = SendCounts(requests=1, accepted=1).report(
        vendor="braze", verb="start", activity_id="match-1", content_state={}
    )
    line = summarize(cast("SendReport", report | changes))
    assert line == f"braze start: {outcome}. Activity: match-1"
