"""
Serve the page and its data inside Airflow's API server.

Airflow does not protect the applications of plugins. Every route here therefore depends on Airflow's own
permissions: files need a user who is logged in; data needs the rights to read task instances and XComs, and
contains only the DAGs that Airflow lets the user read.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query
from fastapi.responses import FileResponse, JSONResponse

from airflow_provider_liveactivity.plugin._airflow import (
    DagAccessEntity,
    GetUserDep,
    SessionDep,
    get_auth_manager,
    requires_access_dag,
    requires_authenticated,
)
from airflow_provider_liveactivity.plugin.board import read_board
from airflow_provider_liveactivity.plugin.metadata import Scope

_PAGE = Path(__file__).with_name("page")
_CARDS = _PAGE.parents[1] / "ui"
#: The files that a browser may load, by name. The cards are drawn by the renderer of the sandbox's page.
_FILES = {path.name: path for folder in (_PAGE, _CARDS) for path in folder.glob("*.*")}
_TYPES = {".css": "text/css", ".html": "text/html", ".js": "text/javascript", ".svg": "image/svg+xml"}
#: The page is part of Airflow's pages only, loads nothing from elsewhere, and runs no script of a vendor.
_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "frame-ancestors 'self'; base-uri 'none'; object-src 'none'",
    "X-Content-Type-Options": "nosniff",
}
_LONGEST_PERIOD = timedelta(hours=48)

_reads_tasks = Depends(requires_access_dag("GET", DagAccessEntity.TASK_INSTANCE))
_reads_xcoms = Depends(requires_access_dag("GET", DagAccessEntity.XCOM))


def create_app() -> FastAPI:
    """Return the application, with no route that is open to everybody."""
    app = FastAPI(
        title="Live Activities",
        dependencies=[Depends(requires_authenticated())],
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
    )
    app.get("/")(page)
    app.get("/files/{name}")(file)
    app.get("/api/board", dependencies=[_reads_tasks, _reads_xcoms])(board)
    return app


def page() -> FileResponse:
    """Return the page, which contains no data."""
    return file("index.html")


def file(name: str) -> FileResponse:
    """
    Return a file of the page.

    :param name: name of the file.
    """
    path = _FILES.get(name)
    if path is None:
        raise HTTPException(404, "There is no such file.")
    return FileResponse(path, media_type=_TYPES.get(path.suffix), headers=_HEADERS)


def board(
    session: SessionDep,
    user: GetUserDep,
    since: datetime | None = None,
    dag_id: Annotated[str | None, Query()] = None,
    run_id: Annotated[str | None, Query()] = None,
) -> JSONResponse:
    """
    Return the activities, sends and syncs of the DAGs that the user may read.

    :param session: session of Airflow's database.
    :param user: the user who is logged in.
    :param since: beginning of the period, at most 48 hours ago; by default the last 24 hours.
    :param dag_id: with ``run_id``, only this DAG run.
    :param run_id: with ``dag_id``, only this DAG run.
    """
    if (dag_id is None) != (run_id is None):  # the rights were checked on dag_id alone
        raise HTTPException(422, "Give both dag_id and run_id, for one DAG run, or neither.")
    now = datetime.now(UTC)
    if since is None or since.utcoffset() is None:
        since = now - timedelta(hours=24)
    since = min(max(since, now - _LONGEST_PERIOD), now)
    run = (dag_id, run_id) if dag_id is not None and run_id is not None else None
    readable = get_auth_manager().get_authorized_dag_ids(user=user, method="GET")
    scope = Scope(dag_ids=frozenset(readable), since=since, run=run)
    found: dict[str, Any] = read_board(session, scope, now=now)
    return JSONResponse(found, headers={"Cache-Control": "no-store"})
