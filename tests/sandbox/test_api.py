"""The sandbox's own API, its page, and how it is started and stopped."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from urllib.parse import urlsplit

import httpx
import pytest
from fastapi.routing import APIRoute

from airflow_provider_liveactivity.sandbox import RunningSandbox, running_sandbox
from airflow_provider_liveactivity.sandbox.api import make_app
from airflow_provider_liveactivity.sandbox.faults import FAULTS
from airflow_provider_liveactivity.sandbox.pages import FILES
from airflow_provider_liveactivity.sandbox.state import Sandbox
from demo.processes import ROOT
from tests.support.sandbox_clients import Api, BrazeClient, MoEngageClient

START = "/messages/live_activity/start"


def test_the_log_keeps_time_and_body_but_no_credentials(
    braze: BrazeClient, moengage: MoEngageClient, api: Api
) -> None:
    braze.start()
    moengage.call("start")
    answer = api.get("/requests")
    assert "sandbox-braze-key" not in answer.text
    assert "SANDBOX" not in answer.text
    first, second = answer.json()["requests"]
    assert (first["vendor"], first["path"], first["status"]) == ("braze", START, 201)
    assert first["received_at"] == "2026-11-22T12:30:00.000000+00:00"
    assert first["body"]["activity_id"] == "flight-UA100"
    assert first["headers"]["authorization"] == second["headers"]["x-moe-appkey"] == "(hidden)"


def test_the_log_is_filtered_and_limited(braze: BrazeClient, api: Api) -> None:
    braze.start()
    braze.update({"activity_id": "another"})
    braze.update()
    assert [request["number"] for request in api.read("/requests", since=1)["requests"]] == [2, 3]
    assert api.read("/requests", path=START)["total"] == 1
    assert api.read("/requests", activity_id="another")["total"] == 1
    assert api.read("/requests", activity_id="flight-UA10")["total"] == 0
    braze.update({"activity_id": 'é"'})
    assert api.read("/requests", activity_id='é"')["total"] == 1
    found = api.read("/requests", limit=1)
    assert (found["total"], found["requests"][0]["number"]) == (4, 4)


def test_only_the_latest_bodies_are_kept(braze: BrazeClient, running: RunningSandbox, api: Api) -> None:
    running.sandbox.change_settings(keep_requests=1)
    braze.start()
    braze.start()
    bodies = [
        (request["body"] is None, bool(request["headers"])) for request in api.read("/requests")["requests"]
    ]
    assert bodies == [(True, False), (False, True)]


def test_a_body_that_is_no_json_is_shown_as_text(braze: BrazeClient, api: Api) -> None:
    for body in (b"{\xff", b'{"a": NaN}', b'{"a": 1e999}', b'{"a": "\\ud800"}', b"[" * 5000):
        braze.post(START, content=body)
    bodies = [request["body"] for request in api.read("/requests")["requests"]]
    assert bodies == ["{�", '{"a": NaN}', '{"a": 1e999}', '{"a": "\\ud800"}', "[" * 5000]


def test_phones_come_in_pages_latest_first(braze: BrazeClient, api: Api) -> None:
    braze.start({"external_user_ids": [f"u{number}" for number in range(5)]})
    page = api.read("/phones", limit=2, offset=1)
    assert (page["total"], [phone["user"] for phone in page["phones"]]) == (5, ["u3", "u2"])
    assert api.get("/phones", params={"limit": 10_001}).status_code == 422


def test_activities_have_counts_and_the_latest_start_comes_first(braze: BrazeClient, api: Api) -> None:
    braze.start()
    braze.start({"activity_id": "second", "external_user_ids": ["eve"]})
    braze.update()
    braze.update({"end_activity": True})
    second, first = api.read("/activities")["activities"]
    assert (second["activity_id"], second["running"], second["phones"]) == ("second", 1, 1)
    assert (first["ended"], first["updates"], first["ends"], first["start_requests"]) == (2, 1, 1, 1)
    assert first["content_state"] == {"status": "departed", "delay": 5}
    assert api.read("/activities", activity_id="nothing") == {"total": 0, "activities": []}
    assert api.read("/summary", activity_id="second")["running"] == 1


def test_an_update_without_a_start_shows_as_an_activity_without_phones(braze: BrazeClient, api: Api) -> None:
    braze.update()
    (activity,) = api.read("/activities")["activities"]
    assert (activity["phones"], activity["updates"]) == (0, 1)


def test_reset_forgets_everything_but_the_settings(braze: BrazeClient, api: Api) -> None:
    api.put("/settings", json={"latency": 0.001})
    braze.start()
    assert api.post("/reset").status_code == 204
    assert (api.read("/summary")["requests"], api.read("/phones")["total"]) == (0, 0)
    assert api.read("/settings")["latency"] == 0.001
    api.post("/reset", params={"settings": True})
    assert api.read("/settings")["latency"] == 0


def test_a_setting_that_does_not_exist_or_fit_is_refused(api: Api) -> None:
    assert api.put("/settings", json={"latencyy": 1}).status_code == 422
    assert api.put("/settings", json={"braze_limit": "many"}).status_code == 422


@pytest.mark.parametrize("path", ["/", "/activities/flight-UA100", "/activities/a%2Fb"])
def test_the_page_loads_nothing_from_elsewhere(running: RunningSandbox, path: str) -> None:
    answer = httpx.get(running.url + path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "'unsafe-inline'" not in answer.headers["content-security-policy"]
    links = re.findall(r'(?:src|href)="([^"]+)"', answer.text)
    assert {urlsplit(link).scheme for link in links} <= {"", "data"}


@pytest.mark.parametrize("name", sorted(FILES))
def test_a_file_of_the_page_is_served_and_never_reads_text_as_markup(
    running: RunningSandbox, name: str
) -> None:
    answer = httpx.get(f"{running.url}/wall/{name}")
    assert answer.status_code == 200
    assert answer.headers["x-content-type-options"] == "nosniff"
    for markup in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("):
        assert markup not in answer.text
    imported = re.findall(r'from "\./([^"]+)"', answer.text)
    assert set(imported) <= set(FILES)


@pytest.mark.parametrize("name", ["page.html", "..%2Fapi.py", "nothing.js"])
def test_other_files_are_not_served(running: RunningSandbox, name: str) -> None:
    assert httpx.get(f"{running.url}/wall/{name}").status_code == 404


def test_a_campaign_may_have_any_id(moengage: MoEngageClient, api: Api) -> None:
    assert api.put("/campaigns/a/b c", json={"users": ["ada", "ada"]}).json()["users"] == 1
    changes = {"broadcast_live_activity_id": "a/b c"}
    headers = {"X-Broadcast-Live-Activity-Id": "a/b c"}
    assert moengage.call("start", changes, headers=headers).status_code == 200


def test_the_docs_name_every_endpoint_and_every_fault() -> None:
    page = (ROOT / "docs" / "sandbox.md").read_text()
    documented = {
        (method, path)
        for methods, path in re.findall(r"^\| `([A-Z`, ]+) (/sandbox/[^`]+)`", page, re.MULTILINE)
        for method in re.findall(r"[A-Z]+", methods)
    }
    served = {
        (method, re.sub(r"\{\w+(:path)?\}", "<id>", route.path).replace("requests/<id>", "requests/<number>"))
        for route in make_app(Sandbox()).routes
        if isinstance(route, APIRoute) and route.path.startswith("/sandbox/")
        for method in route.methods
    }
    assert documented == served
    table = page.partition("### Faults")[2].partition("| Field")[0]
    faults = re.findall(r"^\| (`.+?`) \|", table, re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", " ".join(faults))) == set(FAULTS)


def test_a_request_is_found_by_its_number(braze: BrazeClient, api: Api, running: RunningSandbox) -> None:
    braze.start()
    braze.update()
    assert api.read("/requests/2")["path"] == "/messages/live_activity/update"
    assert api.get("/requests/3").status_code == api.get("/requests/0").status_code == 404


def test_a_history_tells_what_a_phone_saw_and_missed(braze: BrazeClient, api: Api) -> None:
    braze.start()
    braze.update({"notification": {"alert": {"title": "Late", "body": "5 minutes"}}})
    braze.update({"end_activity": True})
    braze.update()
    phone = {"vendor": "braze", "activity_id": "flight-UA100", "user": "ada"}
    history = api.read("/history", **phone)
    assert (history["total"], history["updates"], history["missed"]) == (4, 1, 1)
    seen = [(event["verb"], event["missed"]) for event in history["events"]]
    assert seen == [("update", True), ("end", False), ("update", False), ("start", False)]
    assert history["events"][2]["alert"] == {"title": "Late", "body": "5 minutes"}
    assert len(api.read("/history", **phone, limit=2)["events"]) == 2
    assert api.get("/history", params={**phone, "user": "eve"}).status_code == 404


def test_quotas_show_what_is_left(braze: BrazeClient, moengage: MoEngageClient, api: Api) -> None:
    braze.start()
    moengage.call("start")
    left = {(quota["vendor"], quota["name"]): quota["remaining"] for quota in api.read("/quotas")}
    assert left == {
        ("braze", "requests"): 249_999,
        ("moengage", "starts"): 4,
        ("moengage", "updates, ends"): 500,
    }


def test_a_sandbox_starts_and_stops_quickly_even_with_a_hanging_request() -> None:
    begun = time.monotonic()
    with running_sandbox(braze_key="another") as running:
        assert running.url.startswith("http://127.0.0.1:")
        running.sandbox.add_fault("hang", times=None)
        with BrazeClient(running.url) as braze, pytest.raises(httpx.ReadTimeout):
            braze.start(timeout=0.05)
        with httpx.stream("GET", running.url + "/sandbox/summary") as open_connection:
            assert open_connection.status_code == 200
    assert time.monotonic() - begun < 20  # and not for as long as it hangs
    with pytest.raises(httpx.ConnectError):
        httpx.get(running.url)


def test_a_setting_may_be_given_at_the_start() -> None:
    with running_sandbox(braze_key="another") as running, BrazeClient(running.url) as braze:
        assert braze.start().status_code == 401
        assert braze.start(headers={"Authorization": "Bearer another"}).status_code == 201


def test_latency_delays_the_response_only() -> None:
    with running_sandbox(latency=0.2) as running, BrazeClient(running.url) as braze:
        with pytest.raises(httpx.ReadTimeout):
            braze.start(timeout=0.05)
        assert running.sandbox.activities["braze", "flight-UA100"].started == 2


def test_the_command_serves_on_loopback_and_prints_the_credentials() -> None:
    command = [sys.executable, "-m", "airflow_provider_liveactivity.sandbox", "--port", "0"]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment) as process:
        assert process.stdout is not None
        url = process.stdout.readline().split()[-1]
        lines = [process.stdout.readline() for _ in range(5)]
        answer = httpx.get(f"{url}sandbox/summary")
        process.terminate()
    assert url.startswith("http://127.0.0.1:")
    assert answer.status_code == 200
    texts = [
        line.partition("='")[2].rstrip("'\n") for line in lines if line.startswith("export AIRFLOW_CONN_")
    ]
    braze, moengage = map(json.loads, texts)
    assert (braze["host"], braze["password"]) == (url.rstrip("/"), "sandbox-braze-key")
    assert braze["extra"] == {"app_id": "sandbox-app"}
    assert (moengage["login"], moengage["password"]) == ("SANDBOX", "sandbox-push-key")
    assert sorted(moengage["extra"]) == ["campaign_api_key", "data_api_key", "inform_api_key"]


def test_programs_read_the_connections_as_json() -> None:
    command = [sys.executable, "-m", "airflow_provider_liveactivity", "sandbox", "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = json.loads(process.stdout.readline())
        process.terminate()
    assert found["connections"]["braze_default"]["host"] == found["url"]
    assert set(found["connections"]) == {"braze_default", "moengage_default"}


def test_a_port_in_use_is_reported_in_one_line(running: RunningSandbox) -> None:
    port = running.url.rpartition(":")[2]
    command = [sys.executable, "-m", "airflow_provider_liveactivity.sandbox", "--port", port]
    finished = subprocess.run(command, capture_output=True, text=True, check=False)
    assert finished.returncode == 1
    assert f"cannot serve at 127.0.0.1:{port}" in finished.stderr


def test_the_sandbox_knows_nothing_of_the_package_it_tests() -> None:
    code = (
        "import sys, airflow_provider_liveactivity.sandbox\n"
        "ours = [name for name in sys.modules if name.startswith('airflow_provider_liveactivity.')]\n"
        "imported = [name for name in ours if '.sandbox' not in name]\n"
        "assert not imported and 'airflow' not in sys.modules, imported"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
