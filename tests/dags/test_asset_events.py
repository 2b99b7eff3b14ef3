"""Events of assets that tell other DAGs what became of an activity."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.assets import activity_uri, braze_activity
from airflow_provider_liveactivity.operators.braze import (
    BrazeEndLiveActivityOperator,
    BrazeStartLiveActivityOperator,
    BrazeUpdateLiveActivityOperator,
)
from airflow_provider_liveactivity.operators.moengage import MoEngageStartBroadcastLiveActivityOperator
from tests.support.airflow_db import new_dag

if TYPE_CHECKING:
    from airflow.sdk import DAG

    from airflow_provider_liveactivity.sandbox import RunningSandbox

    Execute = Callable[[DAG], dict[str, str]]

FANS = ["ada", "grace"]
ALERT = {"title": "City", "body": "Kick-off!"}


def start(activity_id: str, **arguments: Any) -> BrazeStartLiveActivityOperator:
    return BrazeStartLiveActivityOperator(
        task_id="start",
        activity_id=activity_id,
        activity_attributes_type="Match",
        activity_attributes={"home": "City"},
        content_state={"home": 0},
        notification={"alert": ALERT},
        **{"external_user_ids": FANS, **arguments},
    )


def events(dag: DAG) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """Return the events of each task, those of mapped ones by their index: URI and extra."""
    from airflow.models.asset import AssetEvent
    from airflow.utils.session import create_session
    from sqlalchemy import select

    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    with create_session() as session:
        query = select(AssetEvent).where(AssetEvent.source_dag_id == dag.dag_id)
        for event in session.scalars(query.order_by(AssetEvent.source_map_index, AssetEvent.id)):
            found.setdefault(str(event.source_task_id), []).append((event.asset.uri, dict(event.extra)))
    return found


def test_the_event_of_an_asset_says_what_was_sent_and_to_nobody_by_name(
    execute: Execute, sandbox: RunningSandbox
) -> None:
    asset = braze_activity(sandbox.url, "match-42")
    with new_dag() as dag:
        start("match-42", outlets=[asset])

    execute(dag)

    [(uri, extra)] = events(dag)["start"]
    assert uri == asset.uri
    assert extra.pop("first_sent_at")
    assert extra.pop("last_sent_at")
    assert extra == {
        "vendor": "braze",
        "verb": "start",
        "recipients": 2,
        "accepted": 2,
        "rejected": 0,
        "unknown": 0,
        "content_state": {"home": 0},
        "validate_only": False,
    }


def test_an_alias_gets_the_activity_of_a_templated_id(execute: Execute, sandbox: RunningSandbox) -> None:
    from airflow.sdk import AssetAlias

    with new_dag() as dag:
        activity_id = "{{ dag.dag_id }}/{{ ti.map_index }}"
        updated = BrazeUpdateLiveActivityOperator.partial(
            task_id="update", activity_id=activity_id, outlets=[AssetAlias("updated")]
        ).expand(content_state=[{"home": 1}, {"home": 2}])
        end = BrazeEndLiveActivityOperator(
            task_id="end", activity_id=activity_id, content_state={"home": 3}, outlets=[AssetAlias("ended")]
        )
        updated >> end

    execute(dag)

    told = events(dag)
    assert [(uri, extra["verb"], extra["content_state"]) for uri, extra in told["update"]] == [
        (activity_uri("braze", sandbox.url, f"{dag.dag_id}/{number}"), "update", {"home": number + 1})
        for number in range(2)
    ]
    assert [uri for uri, _ in told["end"]] == [activity_uri("braze", sandbox.url, f"{dag.dag_id}/-1")]


def test_moengage_s_activities_have_their_own_scheme(execute: Execute, sandbox: RunningSandbox) -> None:
    from airflow.sdk import AssetAlias

    sandbox.sandbox.put_campaign("derby", FANS)
    with new_dag() as dag:
        MoEngageStartBroadcastLiveActivityOperator(
            task_id="start",
            broadcast_live_activity_id="derby",
            attribute_type="Match",
            attribute_info={"home": "City"},
            content_state={"home": 0},
            alert=ALERT,
            outlets=[AssetAlias("started")],
        )

    execute(dag)

    assert [uri for uri, _ in events(dag)["start"]] == [activity_uri("moengage", sandbox.url, "derby")]


def test_what_reached_nobody_makes_no_event_of_an_alias(execute: Execute, sandbox: RunningSandbox) -> None:
    from airflow.sdk import AssetAlias

    with new_dag() as dag:
        start("match-42", validate_only=True, outlets=[AssetAlias("started")])

    states = execute(dag)

    assert states["start"] == "success"
    assert events(dag) == {}
