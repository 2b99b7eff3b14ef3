"""How long a send takes, and that one which cannot be over in time is refused before its first request."""

from __future__ import annotations

import logging
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from airflow_provider_liveactivity.delivery.options import DeliveryOptions
from airflow_provider_liveactivity.delivery.preflight import Preflight, estimate
from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.vendors.base import Quota
from airflow_provider_liveactivity.vendors.braze import Braze
from airflow_provider_liveactivity.vendors.moengage_inform import Inform
from tests.support.fake_vendor import Audience, Vendor, make_sender
from tests.support.state_store import CrashingStore, ProcessDied

HOUR = timedelta(hours=1)
KICK_OFF = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
BRAZE, INFORM = Braze("key"), Inform("workspace", "key", "start")


@pytest.mark.parametrize(
    ("requests", "options", "vendor", "minute", "seconds"),
    [
        # Workers decide: 128 responses in 0.1 seconds.
        (0, {}, BRAZE, 0, 0),
        (12_800, {}, BRAZE, 0, 10),
        (100, {"max_workers": 1}, BRAZE, 0, 10),
        # The user's own rate decides.
        (6_000, {"max_requests_per_second": 50}, BRAZE, 0, 120),
        # Braze's clock hour decides: 225,000 requests of 250,000 are for this send.
        (225_000, {}, BRAZE, 0, 225_000 / 1_280),
        (225_000 + 1_280, {}, BRAZE, 0, 3_600 + 1),
        (225_000 + 1_280, {}, BRAZE, 45, 15 * 60 + 1),
        (250_000, {"quota_reserve": 0}, BRAZE, 0, 250_000 / 1_280),
        (2 * 225_000, {}, BRAZE, 0, 3_600 + 225_000 / 1_280),
        (2 * 225_000 + 1_280, {}, BRAZE, 0, 2 * 3_600 + 1),
        # 128 requests before the reset, and the rest behind it at the same speed.
        (1_280, {}, BRAZE, 60 - 0.1 / 60, 1),
        # The rate fits into each hour.
        (400_000, {"max_requests_per_second": 50}, BRAZE, 0, 8_000),
        (1, {"quota_reserve": 1}, BRAZE, 0, math.inf),
        # MoEngage's minute decides: 9,000 requests of 10,000 are for this send.
        (9_000, {"max_workers": 64}, INFORM, 0, 9_000 / 640),
        (90_000, {"max_workers": 64}, INFORM, 0, 9 * 60 + 9_000 / 640),
        (16_600, {"max_workers": 64, "max_requests_per_second": 166}, INFORM, 0, 60 + 7_600 / 166),
    ],
)
def test_the_slowest_of_quota_rate_and_workers_decides(
    requests: int, options: dict[str, Any], vendor: Any, minute: float, seconds: float
) -> None:
    now = KICK_OFF + timedelta(minutes=minute)
    expected = estimate(requests, DeliveryOptions(**options), vendor, now)
    assert expected.seconds == pytest.approx(seconds)
    assert expected.end == (None if math.isinf(seconds) else now + timedelta(seconds=expected.seconds))


@pytest.mark.parametrize(
    ("known", "seconds"),
    [
        (Quota(), 1),
        (Quota(limit=250_000, remaining=250_000), 1),
        (Quota(limit=250_000, remaining=25_000 + 640, reset_at=KICK_OFF + timedelta(seconds=10)), 10.5),
        (Quota(limit=250_000, remaining=100, reset_at=KICK_OFF + timedelta(seconds=10)), 11),
        (Quota(limit=1_000, remaining=1_000, reset_at=KICK_OFF + timedelta(seconds=10)), 10 + 380 / 1_280),
        (Quota(limit=250_000, remaining=100), 3_601),
        (Quota(limit=250_000, remaining=100, reset_at=KICK_OFF - HOUR), 3_601),
    ],
)
def test_the_quota_that_a_response_named_counts_before_the_documented_one(
    known: Quota, seconds: float
) -> None:
    assert estimate(1_280, DeliveryOptions(), BRAZE, KICK_OFF, known).seconds == pytest.approx(seconds)


def preflight(requests: int, **options: Any) -> Preflight:
    return Preflight(50 * requests, 50, clock=lambda: KICK_OFF, **options)


SLOW = DeliveryOptions(max_requests_per_second=1)


@pytest.mark.parametrize(
    ("requests", "end", "error"),
    [
        (3_600, HOUR, None),
        (3_601, HOUR, "The activity's end_time is 2026-11-24T19:00:00"),
        (8 * 3_600, None, None),
        (8 * 3_600 + 1, None, "A Live Activity lives 8 hours"),
        (8 * 3_600 + 1, 24 * HOUR, "A Live Activity lives 8 hours"),
        (3_601, -HOUR, None),  # on_past_end_time has allowed it
    ],
)
def test_a_send_must_be_over_before_the_end_and_within_the_lifetime(
    requests: int, end: timedelta | None, error: str | None
) -> None:
    checked = preflight(requests, end_time=None if end is None else KICK_OFF + end)
    if error is None:
        checked.check(SLOW, BRAZE)
        return
    with pytest.raises(InvalidPayload, match=error) as refused:
        checked.check(SLOW, BRAZE)
    assert not refused.value.retryable
    assert f"The send is too slow: {requests:,} requests take about" in str(refused.value)
    assert "Nothing was sent" in str(refused.value)


def test_a_quota_that_is_all_reserve_is_refused() -> None:
    with pytest.raises(InvalidPayload, match="1 requests, for which quota_reserve leaves no quota"):
        preflight(1).check(DeliveryOptions(quota_reserve=1), BRAZE)


def test_a_send_that_is_too_slow_or_has_begun_is_only_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    end = KICK_OFF + HOUR
    preflight(3_601, end_time=end, on_too_slow="warn").check(SLOW, BRAZE)
    preflight(3_701, end_time=end).check(SLOW, BRAZE, done=50 * 100)
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 2
    assert all("The send is too slow: 3,601 requests take about 1 hour 1 second" in text for text in messages)


def test_the_estimate_is_logged_unless_the_send_is_short(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    preflight(4).check(SLOW, BRAZE)
    preflight(90).check(SLOW, BRAZE)
    assert [record.getMessage() for record in caplog.records] == [
        "Estimate: 90 requests take about 1 minute 30 seconds, until 2026-11-24T18:01:30+00:00."
    ]


def test_a_quota_that_other_traffic_has_used_up_is_warned_of_once(caplog: pytest.LogCaptureFixture) -> None:
    checked = preflight(1_000, end_time=KICK_OFF + HOUR / 2)
    checked.check(DeliveryOptions(), BRAZE)
    enough = Quota(limit=250_000, remaining=30_000, reset_at=KICK_OFF + HOUR)
    used_up = Quota(limit=250_000, remaining=25_100, reset_at=KICK_OFF + HOUR)
    for quota in (enough, used_up, used_up):
        checked.review(DeliveryOptions(), BRAZE, quota, done=50)
    (warning,) = caplog.records
    assert "999 requests take about 1 hour 1 second" in warning.getMessage()


def test_a_wrong_choice_is_named() -> None:
    with pytest.raises(InvalidPayload, match="on_too_slow must be 'fail' or 'warn', not 'skip'"):
        preflight(1, on_too_slow="skip")


def test_nothing_of_a_send_that_is_too_slow_is_sent_and_a_send_that_has_begun_goes_on() -> None:
    audience, vendor, store = Audience(600), Vendor(), CrashingStore()
    too_slow = Preflight(600, 3, end_time=KICK_OFF + timedelta(microseconds=1), clock=lambda: KICK_OFF)
    with pytest.raises(InvalidPayload, match="too slow"):
        make_sender(audience, vendor, store, preflight=too_slow).run()
    assert vendor.requests == 0
    store = CrashingStore(die_at=(4, False))
    with pytest.raises(ProcessDied):
        make_sender(audience, vendor, store).run()
    counts = make_sender(audience, vendor, store.for_next_process(), preflight=too_slow).run()
    assert counts.accepted + counts.unknown == 600


def test_a_send_that_falls_behind_is_warned_of_while_it_runs(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("airflow_provider_liveactivity.delivery.progress._REPORT_SECONDS", 0.0)
    moments = iter([KICK_OFF])
    checked = Preflight(300, 3, end_time=KICK_OFF + HOUR, clock=lambda: next(moments, KICK_OFF + HOUR))
    make_sender(Audience(300), Vendor(), preflight=checked).run()
    assert ["too slow" in record.getMessage() for record in caplog.records] == [True]
