"""What Airflow lets a person read, and nothing else, leaves the API server."""

from __future__ import annotations

import pytest

from airflow_provider_liveactivity.plugin.app import create_app
from tests.support.api_server import ADMIN, GUEST, OUTSIDER, ApiServer
from tests.support.board_evening import ALL_ON

BOARD = "/liveactivity/api/board"


def test_an_admin_sees_the_activities_of_all_dags(api: ApiServer) -> None:
    with api.client(ADMIN) as client:
        board = client.get(BOARD).raise_for_status().json()
    assert {one["activity_id"] for one in board["on"]} == ALL_ON


def test_a_person_without_rights_on_a_dag_sees_none_of_its_activities(api: ApiServer) -> None:
    with api.client(GUEST) as client:
        response = client.get(BOARD).raise_for_status()
    assert {one["activity_id"] for one in response.json()["on"]} == {"match-1"}
    assert {one["activity_id"] for one in response.json()["attention"]} == {"match-1"}
    assert not [name for name in ALL_ON - {"match-1"} if name in response.text]
    assert response.headers["Cache-Control"] == "no-store"


def test_the_tab_of_a_run_is_closed_to_a_person_without_rights_on_its_dag(api: ApiServer) -> None:
    with api.client(GUEST) as client:
        assert client.get(BOARD, params={"dag_id": "cup", "run_id": "run"}).status_code == 403
        shown = client.get(BOARD, params={"dag_id": "match", "run_id": "run"}).raise_for_status().json()
        both = client.get(BOARD, params=[("dag_id", "cup"), ("dag_id", "match"), ("run_id", "run")])
    assert [one["activity_id"] for one in shown["on"]] == ["match-1"]
    assert "cup-final" not in both.text


def test_rights_on_the_tasks_and_xcoms_of_one_dag_open_its_runs_only(api: ApiServer) -> None:
    with api.client(OUTSIDER) as client:
        shown = client.get(BOARD, params={"dag_id": "match", "run_id": "run"}).raise_for_status().json()
        assert [one["activity_id"] for one in shown["on"]] == ["match-1"]
        assert client.get(BOARD, params={"dag_id": "cup", "run_id": "run"}).status_code == 403
        assert client.get(BOARD).status_code == 403


@pytest.mark.parametrize(("user", "one"), [(ADMIN, "dag_id"), (ADMIN, "run_id"), (OUTSIDER, "dag_id")])
def test_a_dag_without_a_run_and_a_run_without_a_dag_are_refused(api: ApiServer, user: str, one: str) -> None:
    with api.client(user) as client:
        response = client.get(BOARD, params={one: "match"})
    assert response.status_code == 422
    assert "Give both dag_id and run_id" in response.text


@pytest.mark.parametrize("path", ["/liveactivity/", "/liveactivity/files/main.js", BOARD])
def test_nothing_is_served_to_a_person_who_is_not_logged_in(api: ApiServer, path: str) -> None:
    with api.client(None) as client:
        assert client.get(path).status_code == 401


def test_no_route_is_open_to_everybody() -> None:
    # A new route inherits the check of the application; this fails if the application loses it.
    assert len(create_app().router.dependencies) == 1


@pytest.mark.parametrize("name", ["..%2Fapp.py", "app.py", "%2e%2e%2fapp.py"])
def test_only_files_of_the_page_are_served(api: ApiServer, name: str) -> None:
    with api.client(ADMIN) as client:
        assert client.get(f"/liveactivity/files/{name}").status_code == 404


def test_the_page_and_its_files_are_served_with_a_strict_policy(api: ApiServer) -> None:
    with api.client(ADMIN) as client:
        page = client.get("/liveactivity/").raise_for_status()
        script = client.get("/liveactivity/files/main.js").raise_for_status()
        client.get("/liveactivity/files/card.js").raise_for_status()
    assert "default-src 'self'" in page.headers["Content-Security-Policy"]
    assert script.headers["Content-Type"].startswith("text/javascript")


@pytest.mark.parametrize("since", ["yesterday", "2026-13-01"])
def test_a_wrong_period_is_refused(api: ApiServer, since: str) -> None:
    with api.client(ADMIN) as client:
        assert client.get(BOARD, params={"since": since}).status_code == 422
