"""The part of Airflow's REST API that the demo and the end-to-end tests use."""

from __future__ import annotations

import time
from typing import Any, Self

import httpx


class AirflowApi:
    """
    A client of a running Airflow.

    :param url: URL of its API server.
    """

    def __init__(self, url: str) -> None:
        self._client = httpx.Client(base_url=url, timeout=120)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def is_healthy(self) -> bool:
        """Return whether all processes are healthy and the API server responds to tasks."""
        parts = self._client.get("/api/v2/monitor/health").raise_for_status().json()
        if any(parts[name]["status"] != "healthy" for name in ("scheduler", "triggerer", "dag_processor")):
            return False
        # At a task's first request the API server builds its routes, and responds to no request for seconds.
        return self._client.get("/execution/health").is_success

    def call(self, method: str, path: str, **arguments: Any) -> Any:
        """
        Call an endpoint under ``/api/v2`` and return its JSON.

        :param method: the HTTP method.
        :param path: what follows ``/api/v2``.
        :param arguments: as for httpx.
        """
        if "Authorization" not in self._client.headers:
            # In this Airflow every user is an admin, so a token needs no password.
            token = self._client.get("/auth/token").raise_for_status().json()["access_token"]
            self._client.headers["Authorization"] = f"Bearer {token}"
        for retries_left in range(10, -1, -1):
            response = self._client.request(method, f"/api/v2{path}", **arguments)
            was_locked = response.status_code == 500 and "Database error" in response.text
            if not was_locked or not retries_left:
                break
            time.sleep(1)  # SQLite was locked, so nothing was written
        if response.is_error:
            raise RuntimeError(f"Airflow answered {response.status_code} to {method} {path}: {response.text}")
        return response.json() if response.content else None

    def dag_ids(self) -> set[str]:
        """Return the DAGs that Airflow has parsed so far."""
        return {dag["dag_id"] for dag in self.call("GET", "/dags")["dags"]}

    def import_errors(self) -> list[str]:
        """Return the import errors of DAG files."""
        errors = self.call("GET", "/importErrors")["import_errors"]
        return [f"{error['filename']}: {error['stack_trace']}" for error in errors]

    def unpause(self, dag_id: str) -> None:
        """Unpause a DAG."""
        self.call("PATCH", f"/dags/{dag_id}", json={"is_paused": False})

    def pause(self, dag_id: str) -> None:
        """Pause a DAG: it gets no further runs."""
        self.call("PATCH", f"/dags/{dag_id}", json={"is_paused": True})

    def trigger(self, dag_id: str, conf: dict[str, Any] | None = None) -> str:
        """
        Start a DAG run and return its id.

        :param dag_id: the DAG.
        :param conf: values for its params.
        """
        body = {"logical_date": None, "conf": conf or {}}
        return str(self.call("POST", f"/dags/{dag_id}/dagRuns", json=body)["dag_run_id"])

    def run_state(self, dag_id: str, run_id: str) -> str:
        """Return the state of a DAG run."""
        return str(self.call("GET", f"/dags/{dag_id}/dagRuns/{run_id}")["state"])

    def task_instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """Return the task instances of a DAG run, mapped ones included."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        return list(self.call("GET", path, params={"limit": 1000})["task_instances"])

    def xcom(self, dag_id: str, run_id: str, task_id: str, map_index: int = -1) -> Any:
        """Return the return value of a task."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/xcomEntries/return_value"
        entry = self.call("GET", path, params={"map_index": map_index, "deserialize": True})
        return entry["value"]
