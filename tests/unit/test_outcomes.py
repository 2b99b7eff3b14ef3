"""The outcome of every recipient: what an attempt writes, and how the rows of several attempts are read."""

from __future__ import annotations

import gzip
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from airflow_provider_liveactivity.delivery.outcomes import BatchOutcome, RecipientOutcome
from airflow_provider_liveactivity.errors import InvalidPayload, LiveActivityError, OutcomeUnknown
from airflow_provider_liveactivity.outcomes import OutcomeFiles, outcomes
from tests.support.fake_vendor import Audience, Vendor, make_sender
from tests.support.outcome_files import CrashingOutcomeFiles
from tests.support.state_store import CrashingStore, ProcessDied

GOLDEN = Path(__file__).parents[1] / "golden" / "outcomes.jsonl"
SEND = "20261124T180000Z-1f3c9a2b"
MOMENT = datetime(2026, 11, 24, 18, 0, 0, 250_000, tzinfo=UTC)


def batch(
    people: Sequence[str | tuple[str, ...]],
    outcome: RecipientOutcome = "accepted",
    *,
    activity_id: str = "match-42",
    request_id: str | None = None,
    moment: datetime = MOMENT,
) -> BatchOutcome:
    return BatchOutcome(activity_id, people, outcome, request_id, moment)


def test_a_line_is_written_for_each_person() -> None:
    kept = CrashingOutcomeFiles()
    kept.begin(SEND, 1)
    kept.write(
        [
            batch(["00017", 'a","\nü🏈'], request_id="8ee5c1e2"),
            batch([("ada", 'crm "id"')], "rejected"),
            batch([], "unknown", activity_id="match-43"),
        ]
    )
    empty, part = (gzip.decompress(data).decode() for data in kept.files.values())
    assert (empty, part) == ("", GOLDEN.read_text())
    people = [(row.person, row.alias_label) for row in kept.rows()]
    assert people == [("00017", None), ('a","\nü🏈', None), ("ada", 'crm "id"'), (None, None)]
    assert {row.moment for row in kept.rows()} == {MOMENT}


def test_names_sort_by_send_attempt_and_part_and_never_collide() -> None:
    kept = CrashingOutcomeFiles()
    for send_id, attempt in (("s1", 1), ("s1", 2), ("s1", 10), ("s2", 1)):
        for _ in range(2):  # two processes with the same number of the attempt
            kept.begin(send_id, attempt)
    kept.begin("s3", 1)
    for number in range(12):
        kept.write([batch([str(number)])])
    names = [name.split(".")[:3] for name in kept.files]
    assert names == sorted(names)
    assert len(kept.files) == 8 + 13  # CrashingOutcomeFiles refuses a name that exists


@pytest.mark.parametrize(
    ("attempts", "expected"),
    [
        (["unknown", "accepted"], "accepted"),
        (["accepted", "unknown"], "accepted"),
        (["accepted", "rejected"], "accepted"),
        (["rejected", "unknown"], "unknown"),
        (["unknown", "rejected"], "rejected"),
        (["rejected", "unknown", "rejected"], "rejected"),
    ],
)
def test_the_last_outcome_of_a_person_counts_but_accepted_always_does(
    attempts: list[RecipientOutcome], expected: str
) -> None:
    kept = CrashingOutcomeFiles()
    for number, outcome in enumerate(attempts, start=1):
        kept.begin(SEND, number)
        # The clock of a later worker may be behind.
        kept.write([batch(["ada"], outcome, moment=MOMENT - timedelta(hours=number))])
    assert [(row.person, row.outcome) for row in kept.rows()] == [("ada", expected)]


def test_sends_and_activities_are_told_apart() -> None:
    kept = CrashingOutcomeFiles()
    for send_id in ("s1", "s2"):
        kept.begin(send_id, 1)
        kept.write([batch(["ada"]), batch(["ada"], "rejected", activity_id="match-43")])
    rows = [(row.send_id, row.activity_id, row.outcome) for row in kept.rows()]
    assert rows == [
        (send_id, *rest)
        for send_id in ("s1", "s2")
        for rest in (("match-42", "accepted"), ("match-43", "rejected"))
    ]


def test_a_folder_without_outcomes_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "other.txt").touch()
    with pytest.raises(FileNotFoundError, match=r"has no outcomes \(\*.jsonl.gz\)"):
        next(outcomes(tmp_path))
    with pytest.raises(FileNotFoundError):
        next(outcomes(str(tmp_path / "missing")))


def test_no_repr_of_an_outcome_shows_the_person() -> None:
    kept = CrashingOutcomeFiles()
    kept.begin(SEND, 1)
    kept.write([batch(["ada"])])
    assert "ada" not in f"{kept.rows()!r} {batch(['ada'])!r} {next(Audience(1).after(None))!r}"


def test_each_recipient_has_the_outcome_that_the_report_counts() -> None:
    by_place = {7: "reject_recipient", 8: "unknown", 9: "reject_recipient_after_unknown"}
    kept, vendor = CrashingOutcomeFiles(), Vendor(lambda place: by_place.get(place, "accept"))
    send = make_sender(Audience(90), vendor, outcomes=kept)
    counts = send.run()
    assert {row.send_id for row in kept.rows()} == {send.uid}
    assert {row.activity_id for row in kept.rows()} == {"match-42"}
    assert kept.people("accepted") == vendor.accepted
    assert kept.people("rejected") == set(vendor.batches[7])
    assert kept.people("unknown") == {*vendor.batches[8], *vendor.batches[9]}
    assert (counts.accepted, counts.rejected, counts.unknown) == (81, 3, 6)


def test_the_vendors_request_id_is_kept_of_accepted_and_rejected_requests() -> None:
    vendor = Vendor(lambda place: "reject_recipient" if place == 1 else "accept")
    vendor.request_id = "8ee5c1e2"
    kept = CrashingOutcomeFiles()
    make_sender(Audience(6), vendor, outcomes=kept).run()
    assert {(row.outcome, row.request_id) for row in kept.rows()} == {
        ("accepted", "8ee5c1e2"),
        ("rejected", "8ee5c1e2"),
    }


def test_a_recipient_who_was_not_sent_to_has_no_outcome() -> None:
    kept, store, audience = CrashingOutcomeFiles(), CrashingStore(), Audience(300)
    vendor = Vendor(lambda place: "unavailable" if place == 20 else "accept")
    with pytest.raises(LiveActivityError):
        make_sender(audience, vendor, store, outcomes=kept).run()
    assert {str(row.person) for row in kept.rows()} == vendor.accepted
    vendor.outcome_of = lambda _: "accept"
    make_sender(audience, vendor, store.for_next_process(), outcomes=kept).run()
    assert kept.people("accepted") == set(audience.people)
    assert len({row.send_id for row in kept.rows()}) == 1


def test_a_batch_whose_rejection_stopped_the_send_is_rejected_until_it_is_sent_again() -> None:
    kept, store, audience = CrashingOutcomeFiles(), CrashingStore(), Audience(90)
    vendor = Vendor(lambda place: "reject" if place == 9 else "accept")
    with pytest.raises(InvalidPayload):
        make_sender(audience, vendor, store, outcomes=kept).run()
    assert kept.people("rejected") == set(vendor.batches[9])
    vendor.outcome_of = lambda _: "accept"
    make_sender(audience, vendor, store.for_next_process(), outcomes=kept).run()
    assert kept.people("accepted") == set(audience.people)


def test_a_batch_that_a_bug_left_without_a_result_is_unknown() -> None:
    kept, vendor = CrashingOutcomeFiles(), Vendor(lambda place: "no such outcome" if place == 5 else "accept")
    with pytest.raises(KeyError):
        make_sender(Audience(90), vendor, CrashingStore(), outcomes=kept, max_workers=1).run()
    assert kept.people("unknown") == set(vendor.batches[5])


def test_after_a_kill_the_unknown_have_an_outcome_before_a_person_decides() -> None:
    kept, store, audience, vendor = (
        CrashingOutcomeFiles(),
        CrashingStore(die_at=(3, False)),
        Audience(500),
        Vendor(),
    )
    with pytest.raises(ProcessDied):
        make_sender(audience, vendor, store, outcomes=kept, on_unknown="fail").run()
    store = store.for_next_process()
    with pytest.raises(OutcomeUnknown, match=r"outcome of (\d+) recipients") as undecided:
        make_sender(audience, vendor, store, outcomes=kept, on_unknown="fail").run()
    assert f"of {len(kept.people('unknown'))} recipients" in str(undecided.value)
    assert set(vendor.reached) <= kept.people("unknown") | kept.people("accepted")
    make_sender(audience, vendor, store, outcomes=kept, on_unknown="resend").run()
    assert kept.people("accepted") == set(audience.people)


def test_if_the_audience_changed_around_the_crash_that_part_is_unknown_and_no_accepted_one_is_lost() -> None:
    kept, store, audience, vendor = (
        CrashingOutcomeFiles(),
        CrashingStore(die_at=(4, False)),
        Audience(600),
        Vendor(),
    )
    with pytest.raises(ProcessDied):
        make_sender(audience, vendor, store, outcomes=kept).run()
    accepted = kept.people("accepted")
    assert accepted
    gone = vendor.batches[-1][0]
    audience.people.remove(gone)
    make_sender(audience, vendor, store.for_next_process(), outcomes=kept).run()
    assert accepted <= kept.people("accepted")
    assert set(vendor.reached) - {gone} <= kept.people("unknown") | kept.people("accepted")


def test_a_finished_send_that_is_sent_again_is_another_send() -> None:
    kept, store, audience, vendor = CrashingOutcomeFiles(), CrashingStore(), Audience(9), Vendor()
    for max_tries in (0, 1):
        make_sender(audience, vendor, store, outcomes=kept, max_tries=max_tries).run()
    assert len({row.send_id for row in kept.rows()}) == 2
    assert len(kept.rows()) == 18


def test_a_log_line_says_whom_the_files_lack_if_an_earlier_attempt_kept_no_outcomes(
    caplog: pytest.LogCaptureFixture,
) -> None:
    audience, vendor, store = Audience(600), Vendor(), CrashingStore(die_at=(4, False))
    with pytest.raises(ProcessDied):
        make_sender(audience, vendor, store).run()
    kept = CrashingOutcomeFiles()
    counts = make_sender(audience, vendor, store.for_next_process(), outcomes=kept).run()
    lacking = counts.recipients - len(kept.rows())
    assert lacking > 0
    assert f"the files lack the {lacking} recipients" in caplog.text


def test_nothing_is_sent_if_outcomes_cannot_be_stored() -> None:
    def store(name: str, data: bytes) -> None:
        raise PermissionError("read-only")

    vendor = Vendor()
    with pytest.raises(PermissionError):
        make_sender(Audience(30), vendor, CrashingStore(), outcomes=OutcomeFiles(store)).run()
    assert vendor.requests == 0
