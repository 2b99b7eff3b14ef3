"""The DAG behind a form: what was typed reaches the phones as it was meant, or nothing does."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from airflow.providers.common.compat.sdk import AirflowFailException

from airflow_provider_liveactivity.sandbox import RunningSandbox, views

if TYPE_CHECKING:
    from airflow.dag_processing.dagbag import DagBag

Run = Callable[..., str]
DAG_ID = "ui_start_update_end"
WAITS = r"kick_off|match\.half_time|match\.end_time"
NOW = datetime.now(UTC)


def at(hours: float) -> str:
    """Return a moment as the form's calendar writes it."""
    return (NOW + timedelta(hours=hours)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


#: As the form sends it: every field that a test may fill.
FORM: dict[str, Any] = {
    "home": "1860",
    "away": "[]",
    "validate_only": False,
    "kick_off": at(0),
    "half_time": at(1),
    "final_whistle": at(2),
    "segment_id": None,
    "external_user_ids": None,
    "sql": None,
    "max_audience": 10_000,
}


def phones(sandbox: RunningSandbox) -> list[dict[str, Any]]:
    return list(views.phones(sandbox.sandbox, limit=10_000)["phones"])


@pytest.fixture
def check(examples: DagBag) -> Callable[..., Any]:
    """Do what the task ``check`` does with a form that Airflow has let through."""
    dag = examples.dags[DAG_ID]
    task: Any = dag.get_task("check")

    def check(**fields: Any) -> Any:
        params = deepcopy(dag.params)
        params.update({**FORM, "segment_id": "fans", **fields})
        values = params.validate()
        return task.python_callable(params=values, dag_run=SimpleNamespace(run_after=NOW))

    return check


def test_a_filled_form_becomes_a_life_with_the_texts_as_they_were_typed(
    run: Run, sandbox: RunningSandbox
) -> None:
    sandbox.sandbox.put_segment("fans", "Fans", ["ada", "grace"])
    text = """It's "on" {{ 7 * 7 }} \\ <b>"""

    run_id = run(DAG_ID, done=WAITS, **{**FORM, "segment_id": " fans ", "kick_off_text": text})

    shown = phones(sandbox)
    assert {phone["user"] for phone in shown} == {"ada", "grace"}
    # Its waits marked as done, the end comes at once, and the update too late: tests/e2e/ui sees that one.
    assert {(phone["status"], phone["cards"]) for phone in shown} == {("ended", 1)}
    [phone, _] = shown
    assert phone["activity_id"] == f"match/{run_id}"
    # What looks like a number, a list or a template stays the text that was typed.
    assert phone["attributes"] == {"home": "1860", "away": "[]", "competition": "league"}
    assert phone["alerts"][0] == {"title": "1860 – []", "body": text}
    assert phone["content_state"] == {"phase": "Final score", "text": "It is over. Thank you for watching!"}
    assert datetime.fromisoformat(phone["dismissal_at"]) == (NOW + timedelta(hours=2.5)).replace(
        microsecond=0
    )


@pytest.mark.parametrize(
    "audience",
    [
        {"external_user_ids": ["ada", 'gr"ace', "ada"]},
        {"sql": "SELECT unnest(['ada', 'gr\"ace', 'ada'])"},
    ],
)
def test_people_are_listed_or_come_from_a_query(
    run: Run, sandbox: RunningSandbox, audience: dict[str, Any]
) -> None:
    run(DAG_ID, done=WAITS, **{**FORM, **audience})

    assert {(phone["user"], phone["status"]) for phone in phones(sandbox)} == {
        ("ada", "ended"),
        ('gr"ace', "ended"),
    }


def test_only_checking_counts_the_people_and_sends_nothing(run: Run, sandbox: RunningSandbox) -> None:
    from airflow.models.xcom import XComModel
    from airflow.utils.session import create_session

    people = [f"fan-{number}" for number in range(51)]

    run_id = run(DAG_ID, **{**FORM, "validate_only": True, "external_user_ids": people})

    assert sandbox.sandbox.requests == 0
    with create_session() as session:
        query = XComModel.get_many(run_id=run_id, dag_ids=DAG_ID, task_ids="rehearsal", key="return_value")
        report = XComModel.deserialize_value(session.scalars(query).one())
    assert (report["recipients"], report["requests"]) == (51, 2)


@pytest.mark.parametrize(
    "wrong",
    [
        {},  # no audience
        {"segment_id": "fans", "final_whistle": at(-1)},
        {"external_user_ids": ["ada", "grace"], "max_audience": 1},
        {"sql": "SELECT external_id FROM nowhere"},
        {"sql": "SELECT 'ada' WHERE false"},
    ],
)
def test_what_is_wrong_fails_the_run_before_anything_is_sent(
    run: Run, sandbox: RunningSandbox, wrong: dict[str, Any]
) -> None:
    run(DAG_ID, state="failed", done=WAITS, **{**FORM, **wrong})

    assert sandbox.sandbox.requests == 0


def test_empty_dates_count_from_the_trigger(check: Callable[..., Any]) -> None:
    times = check(kick_off=None, half_time=None, final_whistle=None)

    assert {name: datetime.fromisoformat(moment) - NOW for name, moment in times.items()} == {
        "kick_off": timedelta(0),
        "half_time": timedelta(minutes=45),
        "final_whistle": timedelta(minutes=105),
        "gone_at": timedelta(minutes=135),
    }


@pytest.mark.parametrize(
    ("fields", "advice"),
    [
        ({"kick_off": "tomorrow"}, "Kick-off is not a date and time: pick it from the calendar."),
        ({"half_time": "2026-07-22T18:30:00"}, "Half-time has no time zone"),
        ({"final_whistle": "31/12/2026"}, "Final whistle is not a date and time"),
        ({"half_time": at(3)}, "must come in this order"),
        ({"kick_off": at(1), "half_time": at(1)}, "must come in this order"),
        ({"kick_off": at(-3), "half_time": at(-2), "final_whistle": at(-1)}, "is over already"),
        ({"final_whistle": at(8.1)}, "more than 8 hours after kick-off"),
        ({"segment_id": None}, "Fill in exactly one of Segment, List of people and Query."),
        ({"segment_id": ""}, "Fill in exactly one"),
        ({"external_user_ids": ["ada"]}, "Fill in exactly one"),
        ({"sql": "SELECT 1"}, "Fill in exactly one"),
    ],
)
def test_what_the_form_lets_through_is_refused_in_words(
    check: Callable[..., Any], fields: dict[str, Any], advice: str
) -> None:
    with pytest.raises(AirflowFailException, match="Nothing was sent") as refused:
        check(**fields)
    assert advice in str(refused.value)


def test_everything_that_is_wrong_is_told_at_once(check: Callable[..., Any]) -> None:
    with pytest.raises(AirflowFailException, match=r"Kick-off is not.*Half-time has no.*Fill in"):
        check(kick_off="soon", half_time="2026-07-22T18:30:00", sql="SELECT 1")


@pytest.mark.parametrize(
    "fields",
    [
        {"home": ""},
        {"home": None},
        {"home": "x" * 81},
        {"competition": "cricket"},
        {"minutes_on_screen": 31},
        {"max_audience": 0},
        {"external_user_ids": "ada"},
        {"validate_only": "yes"},
    ],
)
def test_airflow_refuses_what_is_no_answer_to_a_field(
    check: Callable[..., Any], fields: dict[str, Any]
) -> None:
    from airflow.providers.common.compat.sdk import ParamValidationError

    with pytest.raises(ParamValidationError):
        check(**fields)
