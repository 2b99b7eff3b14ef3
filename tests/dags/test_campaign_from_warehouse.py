from __future__ import annotations

from collections.abc import Callable

import httpx

from airflow_provider_liveactivity.sandbox import RunningSandbox


def test_each_row_becomes_a_campaign_for_its_segment_and_a_broadcast_that_ends(
    run: Callable[..., str], sandbox: RunningSandbox
) -> None:
    scores = {
        "albion-meridian": {"home": 2, "away": 2, "phase": "Final score"},
        "harbour-uptown": {"home": 2, "away": 1, "phase": "Final score"},
        "rovers-wanderers": {"home": 0, "away": 3, "phase": "Final score"},
    }
    for match in scores:
        sandbox.sandbox.put_segment(f"segment-{match}", match, [f"fan of {match}"])

    run_id = run("campaign_from_warehouse", matches=3)

    shown = httpx.get(f"{sandbox.url}/sandbox/phones").json()["phones"]
    states = {phone["user"].removeprefix("fan of "): phone["content_state"] for phone in shown}
    assert states == scores
    assert {(phone["status"], phone["updates"], phone["cards"]) for phone in shown} == {("ended", 1, 1)}
    campaigns = [campaign for campaign, _ in sandbox.sandbox.moengage_campaigns.values()]
    assert {campaign.basic_details.broadcast_live_activity_id for campaign in campaigns} == {
        phone["activity_id"] for phone in shown
    }
    assert all(phone["activity_id"].endswith(run_id) for phone in shown)
