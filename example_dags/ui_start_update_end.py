"""
A form instead of code: it follows one match from start to end.

Trigger this DAG in the UI. While *Only check* is on, which is the default, nothing is sent: the task
``rehearsal`` reports the number of people and requests. The values of the form stay with the run, and its
query uses the connection ``warehouse``: restrict who may trigger this DAG, and list few people.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from airflow.providers.common.compat.sdk import AirflowFailException
from airflow.providers.standard.sensors.date_time import DateTimeSensorAsync
from airflow.sdk import Param, chain, dag, task

from airflow_provider_liveactivity.lifecycle import BrazeLiveActivity
from airflow_provider_liveactivity.operators.braze import BrazeStartLiveActivityOperator

log = logging.getLogger(__name__)

TIMES, TEXTS, PEOPLE = "When", "What the phones say", "Who gets it: fill in one of three"
TEAMS = ["Northside", "Southside", "Harbour", "Uptown"]


def time_of(name: str) -> str:
    """Return the template of a moment that ``check`` has read from the form."""
    return f"{{{{ ti.xcom_pull(task_ids='check')['{name}'] }}}}"


def text(default: str | None, title: str, **more: Any) -> Param:
    """Return a line of text that must not be empty."""
    return Param(default, type="string", title=title, minLength=1, maxLength=80, **more)


def moment(title: str, when_empty: str) -> Param:
    """Return a date and time, picked from a calendar."""
    return Param(
        None,
        type=["null", "string"],
        format="date-time",
        title=title,
        description=f"Empty: {when_empty}.",
        section=TIMES,
    )


# The templates turn the input into JSON, with its quotes. An audience that was left empty is left out.
AUDIENCE: dict[str, Any] = {
    "segment_id": "{{ (params.segment_id or '') | trim }}",
    "external_user_ids": "{{ params.external_user_ids | tojson if params.external_user_ids else '' }}",
    "sql": "{{ params.sql or '' }}",
    "sql_conn_id": "{{ 'warehouse' if params.sql else '' }}",
    "max_audience": "{{ params.max_audience }}",
}
CARD: dict[str, Any] = {
    "activity_id": "match/{{ run_id }}",
    "activity_attributes_type": "MatchCardAttributes",
    "activity_attributes": {
        "home": "{{ params.home }}",
        "away": "{{ params.away }}",
        "competition": "{{ params.competition }}",
    },
    "content_state": {"phase": "First half", "text": "{{ params.kick_off_text }}"},
    "notification": {
        "alert": {"title": "{{ params.home }} – {{ params.away }}", "body": "{{ params.kick_off_text }}"}
    },
}


@dag(
    schedule=None,
    doc_md=__doc__,
    default_args={"retries": 2, "retry_delay": timedelta(seconds=5)},
    tags=["live-activity", "braze"],
    params={
        "validate_only": Param(
            default=True,
            type="boolean",
            title="Only check",
            description="Checks everything and counts the people, but sends nothing. Switch it off to send.",
        ),
        "home": text(None, "Home team", examples=TEAMS),
        "away": text(None, "Away team", examples=TEAMS),
        "competition": Param(
            "league",
            type="string",
            title="Competition",
            enum=["league", "cup", "friendly"],
            values_display={"league": "League", "cup": "Cup", "friendly": "Friendly match"},
        ),
        "kick_off": moment("Kick-off", "now"),
        "half_time": moment("Half-time", "45 minutes after kick-off"),
        "final_whistle": moment("Final whistle", "105 minutes after kick-off. At most 8 hours after it"),
        "kick_off_text": text("Kick-off!", "At kick-off", section=TEXTS),
        "half_time_text": text("Half-time", "At half-time", section=TEXTS),
        "final_text": text("It is over. Thank you for watching!", "At the final whistle", section=TEXTS),
        "minutes_on_screen": Param(
            30,
            type="integer",
            title="How long it stays afterwards",
            section=TEXTS,
            enum=[0, 30, 240],
            values_display={0: "Not at all", 30: "Half an hour", 240: "Four hours"},
        ),
        "segment_id": Param(
            None,
            type=["null", "string"],
            title="Segment",
            description="Segment API identifier, from the segment's page in Braze.",
            section=PEOPLE,
            examples=["segment-northside-southside", "segment-harbour-uptown"],
        ),
        "external_user_ids": Param(
            None,
            type=["null", "array"],
            items={"type": "string"},
            title="List of people",
            description="Their external ids, one on each line.",
            section=PEOPLE,
        ),
        "sql": Param(
            None,
            type=["null", "string"],
            format="multiline",
            title="Query",
            description="Its one column is the external id, such as: SELECT external_id FROM passengers",
            section=PEOPLE,
        ),
        "max_audience": Param(
            10_000,
            type="integer",
            minimum=1,
            title="At most this many people",
            description="More are refused before anything is sent. How many a segment has, only Braze knows.",
            section=PEOPLE,
        ),
    },
)
def ui_start_update_end() -> None:
    """Follow the match of the form."""

    # The form checks single fields only, and no dates. A retry cannot correct what this task finds.
    @task(multiple_outputs=True)
    def check(params: Any = None, dag_run: Any = None) -> dict[str, str]:
        """Return the moments of the match."""
        wrong = []

        def read(name: str, title: str, otherwise: datetime) -> datetime:
            try:
                given = datetime.fromisoformat(params[name]) if params[name] else otherwise
            except ValueError:
                wrong.append(f"{title} is not a date and time: pick it from the calendar.")
                return otherwise
            if given.utcoffset() is None:
                wrong.append(f"{title} has no time zone: pick it from the calendar.")
                return otherwise
            return given

        kick_off = read("kick_off", "Kick-off", dag_run.run_after)
        half_time = read("half_time", "Half-time", kick_off + timedelta(minutes=45))
        final_whistle = read("final_whistle", "Final whistle", kick_off + timedelta(minutes=105))
        if not wrong and not kick_off < half_time < final_whistle:
            wrong.append("Kick-off, half-time and final whistle must come in this order.")
        if not wrong and final_whistle <= datetime.now(final_whistle.tzinfo):
            wrong.append("The final whistle is over already: pick a moment to come.")
        if final_whistle - kick_off > timedelta(hours=8):
            wrong.append("The final whistle is more than 8 hours after kick-off: iOS shows nothing so long.")
        audiences = [params[name] for name in ("segment_id", "external_user_ids", "sql")]
        if sum(map(bool, audiences)) != 1:
            wrong.append("Fill in exactly one of Segment, List of people and Query.")
        for problem in wrong:
            log.error(problem)
        if wrong:
            raise AirflowFailException(f"Nothing was sent. {' '.join(wrong)}")
        return {
            "kick_off": kick_off.isoformat(),
            "half_time": half_time.isoformat(),
            "final_whistle": final_whistle.isoformat(),
            "gone_at": (final_whistle + timedelta(minutes=params["minutes_on_screen"])).isoformat(),
        }

    @task.short_circuit
    def send_it(params: Any = None) -> bool:
        """Continue unless *Only check* is on."""
        return not params["validate_only"]

    times: Any = check()
    # The whole start without sending: checks payload, connection and query, and counts the people.
    rehearsal = BrazeStartLiveActivityOperator(task_id="rehearsal", **CARD, **AUDIENCE, validate_only=True)
    kick_off = DateTimeSensorAsync(task_id="kick_off", target_time=time_of("kick_off"))
    with BrazeLiveActivity(
        "match",
        **CARD,
        **AUDIENCE,
        end_time=times["final_whistle"],
        end_content_state={"phase": "Final score", "text": "{{ params.final_text }}"},
        dismissal_date=times["gone_at"],
    ) as match:
        half_time = DateTimeSensorAsync(task_id="half_time", target_time=time_of("half_time"))
        half_time >> match.update(
            "news", content_state={"phase": "Half-time", "text": "{{ params.half_time_text }}"}
        )
    chain(times, rehearsal, send_it(), kick_off, match)


ui_start_update_end()
