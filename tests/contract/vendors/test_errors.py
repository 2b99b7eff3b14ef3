"""Errors of the operators by response: the class, whether Airflow retries, and the text."""

from __future__ import annotations

import traceback
from typing import Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_liveactivity.errors import (
    AuthenticationFailed,
    InvalidPayload,
    LiveActivityError,
    OutcomeUnknown,
    PartiallySent,
    PermissionDenied,
    RateLimited,
    VendorUnavailable,
)
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.final_errors import final_error
from tests.support.task_context import context
from tests.support.vendor_adapters import BRAZE, KEYS, MOENGAGE, USERS, VERBS, Adapter

each_verb = pytest.mark.parametrize("verb", VERBS)
REPEATABLE = [(BRAZE, "update"), (BRAZE, "end"), *((MOENGAGE, verb) for verb in VERBS)]
repeatable = pytest.mark.parametrize(
    ("adapter", "verb"), REPEATABLE, ids=[f"{adapter.vendor}-{verb}" for adapter, verb in REPEATABLE]
)


def started(adapter: Adapter, verb: str) -> None:
    if verb != "start":
        adapter.operator("start").execute(context())


def failure(adapter: Adapter, verb: str, **changes: Any) -> LiveActivityError:
    """Execute, and return the error with which Airflow does not retry."""
    error = final_error(adapter.operator(verb, **changes), context())
    assert not any(word in str(error) for word in [*USERS, *KEYS])
    return error


@each_verb
def test_a_wrong_key_fails_for_good_and_does_not_show(
    sandbox: RunningSandbox, adapter: Adapter, verb: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    connection = adapter.connection(sandbox.url, password="wr0ng-k3y")
    monkeypatch.setenv(f"AIRFLOW_CONN_{adapter.vendor.upper()}_DEFAULT", connection)
    error = failure(adapter, verb)
    assert type(error) is AuthenticationFailed
    assert (error.status, error.endpoint, sandbox.sandbox.requests) == (401, adapter.paths[verb], 1)
    assert "check that the connection's" in str(error)
    assert "wr0ng-k3y" not in str(error)


@pytest.mark.parametrize("password", ["wr0ng-k3y", ""], ids=["wrong", "missing"])
def test_the_log_begins_with_the_advice_and_shows_no_frames_of_the_provider(
    sandbox: RunningSandbox,
    adapter: Adapter,
    password: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    connection = adapter.connection(sandbox.url, password=password)
    monkeypatch.setenv(f"AIRFLOW_CONN_{adapter.vendor.upper()}_DEFAULT", connection)
    with pytest.raises((LiveActivityError, AirflowFailException)) as failed:
        adapter.operator("start").execute(context())
    error = failed.value
    logged = error.__context__ if isinstance(error, AirflowFailException) else error
    assert f"{type(logged).__name__}: {error}" in capsys.readouterr().out
    frames = traceback.extract_tb(error.__traceback__)
    assert {frame.name for frame in frames if "airflow_provider_liveactivity/" in frame.filename} == {
        "execute"
    }
    assert (error.__cause__, error.__suppress_context__) == (None, True)


@pytest.mark.parametrize(
    ("adapter", "verb", "settings", "kind", "advice"),
    [
        (
            BRAZE,
            "start",
            {"braze_permissions": []},
            PermissionDenied,
            "the permission messages.live_activity.start",
        ),
        (
            BRAZE,
            "update",
            {"braze_permissions": []},
            PermissionDenied,
            "the permission messages.live_activity.update",
        ),
        (BRAZE, "start", {"braze_app_ids": ["other"]}, InvalidPayload, "the response says why"),
        (BRAZE, "end", {"braze_app_ids": ["other"]}, InvalidPayload, "the response says why"),
        (MOENGAGE, "start", {"moengage_enabled": False}, PermissionDenied, "may not be enabled"),
        (MOENGAGE, "start", {"moengage_p8": False}, PermissionDenied, ".p8 APNs key"),
        (MOENGAGE, "update", {}, InvalidPayload, "the activity has probably not started"),
        (MOENGAGE, "end", {}, InvalidPayload, "the activity has probably not started"),
    ],
)
def test_what_only_a_person_can_change_fails_for_good(
    sandbox: RunningSandbox,
    adapter: Adapter,
    verb: str,
    settings: dict[str, Any],
    kind: type[LiveActivityError],
    advice: str,
) -> None:
    sandbox.sandbox.change_settings(**settings)
    error = failure(adapter, verb)
    assert type(error) is kind
    assert advice in str(error)
    assert sandbox.sandbox.requests == 1


def test_an_unknown_campaign_is_told_with_how_to_make_one(sandbox: RunningSandbox) -> None:
    error = failure(MOENGAGE, "start", broadcast_live_activity_id="match-2")
    assert "BROADCAST_LIVE_ACTIVITY" in str(error)


def test_an_unknown_segment_is_told_in_brazes_words(sandbox: RunningSandbox) -> None:
    error = failure(BRAZE, "start", external_user_ids=None, segment_id="nobody")
    assert ": {" in str(error)


@each_verb
@pytest.mark.parametrize("fault", ["502", "429"])
def test_what_passes_by_is_sent_again_within_the_task(
    sandbox: RunningSandbox, adapter: Adapter, verb: str, fault: str
) -> None:
    started(adapter, verb)
    sandbox.sandbox.add_fault(fault, times=2, reset_in=None)
    report = adapter.operator(verb).execute(context())
    assert (report["retries"], report["requests"], report["unknown"]) == (2, 3, 0)
    assert report["accepted"] == report["recipients"]


@each_verb
def test_an_outage_is_left_to_airflows_retries(sandbox: RunningSandbox, adapter: Adapter, verb: str) -> None:
    sandbox.sandbox.add_fault("502", times=None)
    with pytest.raises(VendorUnavailable):
        adapter.operator(verb).execute(context())
    assert sandbox.sandbox.requests == 6


@each_verb
def test_a_limit_without_an_end_is_left_to_airflows_retries(
    sandbox: RunningSandbox, adapter: Adapter, verb: str
) -> None:
    sandbox.sandbox.add_fault("429", times=None, reset_in=None)
    operator = adapter.operator(verb)
    operator.resumed = True  # MoEngage's documented windows are of a minute: a first attempt waits for it
    with pytest.raises(RateLimited):
        operator.execute(context())


@repeatable
@pytest.mark.parametrize(
    "fault", ["500_after", "503_after", "504_after", "drop_after", "html", "drop_before"]
)
def test_after_doubt_the_same_request_is_sent_once_more(
    sandbox: RunningSandbox, adapter: Adapter, verb: str, fault: str
) -> None:
    started(adapter, verb)
    sandbox.sandbox.records.clear()
    sandbox.sandbox.add_fault(fault)
    report = adapter.operator(verb).execute(context())
    assert (report["accepted"], report["unknown"], report["retries"]) == (1, 0, 1)
    first, second = sandbox.sandbox.records
    assert first.body == second.body
    activity = sandbox.sandbox.activities["braze" if adapter is BRAZE else "moengage", "match-1"]
    assert activity.started_twice == 0


@repeatable
def test_doubt_that_does_not_end_fails_the_task_so_that_airflow_tries_again(
    sandbox: RunningSandbox, adapter: Adapter, verb: str
) -> None:
    started(adapter, verb)
    sandbox.sandbox.add_fault("503", times=None)
    with pytest.raises(OutcomeUnknown) as failed:
        adapter.operator(verb).execute(context())
    assert failed.value.retryable


@pytest.mark.parametrize(
    "audience", [{}, {"external_user_ids": None, "segment_id": "fans"}], ids=["people", "segment"]
)
@pytest.mark.parametrize("fault", ["503", "504_after", "drop_before", "drop_after", "html"])
def test_a_braze_start_in_doubt_is_skipped_and_reported(
    sandbox: RunningSandbox, fault: str, audience: dict[str, Any]
) -> None:
    sandbox.sandbox.add_fault(fault)
    report = BRAZE.operator("start", **audience).execute(context())
    people = 1 if audience else 2
    assert (report["accepted"], report["unknown"], report["recipients"]) == (0, people, people)
    assert sandbox.sandbox.requests == report["requests"] == 1


def test_a_braze_start_in_doubt_may_fail_the_task_instead(sandbox: RunningSandbox) -> None:
    sandbox.sandbox.add_fault("503")
    error = failure(BRAZE, "start", on_unknown="fail")
    assert isinstance(error, PartiallySent)
    assert error.report["unknown"] == 2
    assert "on_unknown" in str(error)


def test_a_braze_start_in_doubt_may_be_sent_again_instead(sandbox: RunningSandbox) -> None:
    sandbox.sandbox.add_fault("503_after")
    report = BRAZE.operator("start", on_unknown="resend").execute(context())
    assert (report["accepted"], report["unknown"], sandbox.sandbox.requests) == (2, 0, 2)
    assert sandbox.sandbox.activities["braze", "match-1"].started_twice == 2  # as the argument's words say


def test_without_a_retry_policy_airflow_is_told_in_its_own_terms(
    sandbox: RunningSandbox, adapter: Adapter
) -> None:
    operator = adapter.operator("start", content_state="{", retry_policy=None)
    with pytest.raises(AirflowFailException) as failed:
        operator.execute(context())
    assert isinstance(failed.value.__context__, InvalidPayload)
    assert str(failed.value) == str(failed.value.__context__)
