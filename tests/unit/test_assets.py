from __future__ import annotations

from typing import Any

import pytest
from airflow.sdk import Asset

from airflow_provider_liveactivity.assets import (
    activity_id_of,
    activity_uri,
    braze_activity,
    moengage_activity,
    to_openlineage_dataset,
)

HOST = "rest.iad-01.braze.com"
each_id = pytest.mark.parametrize(
    "activity_id",
    ["match-42", "life/7/manual__2026-07-22T12:00:00+00:00", "ä b", "100%", "a%2Fb", "?#@:", "/"],
)


@each_id
def test_the_uri_gives_the_id_back_whatever_is_in_it(activity_id: str) -> None:
    for make in (braze_activity, moengage_activity):
        asset = make(HOST, activity_id)
        assert activity_id_of(asset.uri) == activity_id
        assert asset.uri.isascii()


@each_id
def test_airflow_leaves_the_uri_as_it_is_for_producer_and_consumer(
    activity_id: str,
) -> None:
    asset = braze_activity(HOST, activity_id)
    assert asset.name == asset.uri == activity_uri("braze", HOST, activity_id)
    assert Asset(uri=asset.uri) == asset
    assert asset.normalized_uri == asset.uri


@pytest.mark.parametrize("host", [HOST, f"https://{HOST}", f"https://{HOST.upper()}/"])
def test_the_host_may_be_written_as_in_a_connection(host: str) -> None:
    assert braze_activity(host, "match-42").uri == f"braze://{HOST}/match-42"


@pytest.mark.parametrize(
    ("written", "uri"),
    [
        ("braze://Rest.IAD-01.braze.com/match-42/", f"braze://{HOST}/match-42"),
        (f"braze://{HOST}/life/7", f"braze://{HOST}/life%2F7"),
        ("moengage://api-01.moengage.com/ä", "moengage://api-01.moengage.com/%C3%A4"),
    ],
)
def test_a_uri_that_a_person_wrote_gets_its_one_form(written: str, uri: str) -> None:
    assert Asset(uri=written).uri == uri


@pytest.mark.parametrize(
    "uri",
    [
        f"braze://{HOST}",
        "braze:///match-42",
        f"moengage://{HOST}/",
        f"braze://key@{HOST}/a",
        f"braze://{HOST}/a?b=c",
    ],
)
def test_a_uri_that_names_no_activity_is_refused_with_the_right_form(uri: str) -> None:
    with pytest.raises(ValueError, match=r"must be (braze|moengage)://<host>/<id of the activity>"):
        Asset(uri=uri)


def test_an_asset_can_say_more_of_itself() -> None:
    assert braze_activity(HOST, "match-42", {"team": "growth"}).extra == {"team": "growth"}


def test_openlineage_calls_it_by_workspace_and_id() -> None:
    pytest.importorskip("openlineage", reason="OpenLineage's client is not installed")
    dataset: Any = to_openlineage_dataset(braze_activity(HOST, "life/7"), None)
    assert (dataset.namespace, dataset.name) == (f"braze://{HOST}", "life/7")


def test_lineage_can_make_the_asset_by_its_scheme() -> None:
    from airflow.providers.common.compat.sdk import HookLineageCollector

    asset = HookLineageCollector().create_asset(
        scheme="moengage",
        asset_kwargs={"host": "api-01.moengage.com", "broadcast_live_activity_id": "derby"},
        asset_extra={"team": "growth"},
    )
    assert asset == moengage_activity("api-01.moengage.com", "derby", {"team": "growth"})
