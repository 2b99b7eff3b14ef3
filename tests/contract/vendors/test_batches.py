"""Lists of any length reach each recipient once, fifty in a request."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.task_context import context
from tests.support.vendor_adapters import BRAZE


def people_of(body: Any) -> list[str]:
    aliases = [alias["alias_name"] for alias in body.get("user_aliases", ())]
    return [*body.get("external_user_ids", ()), *aliases]


@pytest.mark.parametrize(
    ("count", "sizes"), [(1, [1]), (50, [50]), (51, [50, 1]), (100, [50, 50]), (101, [50, 50, 1])]
)
def test_a_list_is_split_and_sent(sandbox: RunningSandbox, count: int, sizes: list[int]) -> None:
    ids = [f"user-{number}" for number in range(count)]
    report = BRAZE.operator("start", external_user_ids=ids).execute(context())
    assert (report["requests"], report["recipients"], report["accepted"]) == (len(sizes), count, count)
    batches = [people_of(record.content) for record in sandbox.sandbox.records]
    assert sorted(map(len, batches), reverse=True) == sizes
    activity = sandbox.sandbox.activities["braze", "match-1"]
    assert (sorted(activity.cards), activity.started_twice) == (sorted(ids), 0)


def test_ids_and_aliases_share_the_fifty(sandbox: RunningSandbox) -> None:
    ids = [f"user-{number}" for number in range(49)]
    aliases = [{"alias_name": f"name-{number}", "alias_label": "login"} for number in range(3)]
    report = BRAZE.operator("start", external_user_ids=ids, user_aliases=aliases).execute(context())
    assert (report["requests"], report["accepted"]) == (2, 52)
    batches = [people_of(record.content) for record in sandbox.sandbox.records]
    assert sorted(map(len, batches)) == [2, 50]


def test_a_recipient_given_twice_gets_one_activity_and_blanks_get_none(sandbox: RunningSandbox) -> None:
    ids = [*(f"user-{number}" for number in range(60)), "user-3", "", None, "user-59"]
    report = BRAZE.operator("start", external_user_ids=ids).execute(context())
    assert (report["accepted"], report["duplicates"], report["nulls"]) == (60, 2, 2)
    assert sandbox.sandbox.activities["braze", "match-1"].started == 60


def test_a_list_may_come_as_json_text_from_a_template(sandbox: RunningSandbox) -> None:
    operator = BRAZE.operator("start", external_user_ids="{{ params.users | tojson }}")
    running = context() | {"params": {"users": ["ada", "bob"]}}
    operator.render_template_fields(running)
    assert operator.execute(running)["accepted"] == 2


def test_validate_only_counts_people_and_requests(sandbox: RunningSandbox) -> None:
    ids = [f"user-{number}" for number in range(101)]
    report = BRAZE.operator("start", external_user_ids=ids, validate_only=True).execute(context())
    assert (report["requests"], report["recipients"], report["accepted"]) == (3, 101, 0)
    assert sandbox.sandbox.requests == 0


@pytest.mark.parametrize(
    "audience",
    [
        {"segment_id": "fans"},
        {
            "custom_audience": json.dumps(
                {"AND": [{"push_subscription_status": {"comparison": "is", "value": "opted_in"}}]}
            )
        },
    ],
    ids=["segment", "connected"],
)
def test_an_audience_that_braze_knows_is_one_request(
    sandbox: RunningSandbox, audience: dict[str, Any]
) -> None:
    report = BRAZE.operator("start", external_user_ids=None, **audience).execute(context())
    assert (report["requests"], report["recipients"], report["accepted"]) == (1, 1, 1)
