"""The sandbox's own JSON API for its page, demos and tests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import FastAPI, HTTPException, Query
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, ConfigDict, ValidationError

from airflow_provider_liveactivity.sandbox import views
from airflow_provider_liveactivity.sandbox.braze import Braze
from airflow_provider_liveactivity.sandbox.events import stream
from airflow_provider_liveactivity.sandbox.faults import PlannedFault
from airflow_provider_liveactivity.sandbox.gateway import Gateway
from airflow_provider_liveactivity.sandbox.moengage import MoEngage
from airflow_provider_liveactivity.sandbox.moengage_campaigns import MoEngageCampaigns
from airflow_provider_liveactivity.sandbox.moengage_inform import MoEngageInform
from airflow_provider_liveactivity.sandbox.moengage_segments import MoEngageSegments
from airflow_provider_liveactivity.sandbox.pages import add_pages
from airflow_provider_liveactivity.sandbox.phones import Vendor

if TYPE_CHECKING:
    from airflow_provider_liveactivity.sandbox.state import Sandbox

Limit = Annotated[int, Query(ge=0, le=10_000)]
Offset = Annotated[int, Query(ge=0)]


class SegmentBody(BaseModel):
    """Body of PUT /sandbox/segments/{segment_id}."""

    model_config = ConfigDict(extra="forbid")

    name: str = ""
    users: list[str]


class CampaignBody(BaseModel):
    """Body of PUT /sandbox/campaigns/{broadcast_live_activity_id}."""

    model_config = ConfigDict(extra="forbid")

    users: list[str]


def make_app(sandbox: Sandbox) -> FastAPI:
    """
    Return the web application.

    :param sandbox: the state it serves.
    """
    app = FastAPI(title="Live Activity sandbox", docs_url=None, redoc_url=None)
    braze, moengage = Gateway(sandbox, Braze(sandbox)), Gateway(sandbox, MoEngage(sandbox))
    for prefix, vendor in (
        ("/messages", braze),
        ("/segments", braze),
        ("/v1.0/alerts", Gateway(sandbox, MoEngageInform(sandbox))),
        ("/v1.0", moengage),
        ("/core-services", Gateway(sandbox, MoEngageCampaigns(sandbox))),
        ("/v3", Gateway(sandbox, MoEngageSegments(sandbox))),
    ):
        app.mount(prefix, vendor)

    @app.get("/sandbox/phones")
    async def phones(
        activity_id: str | None = None, user: str | None = None, limit: Limit = 60, offset: Offset = 0
    ) -> JSONResponse:
        return JSONResponse(views.phones(sandbox, activity_id, user, limit, offset))

    @app.get("/sandbox/history")
    async def history(vendor: Vendor, activity_id: str, user: str, limit: Limit = 100) -> dict[str, Any]:
        if (found := views.history(sandbox, vendor, activity_id, user, limit)) is None:
            raise HTTPException(404, "No such phone")
        return found

    @app.get("/sandbox/activities")
    async def activities(
        activity_id: str | None = None, limit: Limit = 100, offset: Offset = 0
    ) -> JSONResponse:
        return JSONResponse(views.activities(sandbox, activity_id, limit, offset))

    @app.get("/sandbox/requests")
    async def requests(
        path: str | None = None, since: Offset = 0, limit: Limit = 100, activity_id: str | None = None
    ) -> JSONResponse:
        return JSONResponse(views.requests(sandbox, path, since, limit, activity_id))

    @app.get("/sandbox/requests/{number}")
    async def request(number: int) -> dict[str, Any]:
        if (record := sandbox.find_record(number)) is None:
            raise HTTPException(404, "No such request")
        return record.shown()

    @app.get("/sandbox/events")
    async def events(activity_id: str | None = None) -> StreamingResponse:
        headers = {"Cache-Control": "no-store"}
        return StreamingResponse(
            stream(sandbox, activity_id), media_type="text/event-stream", headers=headers
        )

    @app.get("/sandbox/quotas")
    async def quotas() -> list[dict[str, Any]]:
        with sandbox.lock:
            return views.quotas(sandbox)

    @app.get("/sandbox/summary")
    async def summary(activity_id: str | None = None) -> JSONResponse:
        return JSONResponse(views.summary(sandbox, activity_id))

    @app.post("/sandbox/reset", status_code=204)
    async def reset(settings: bool = False) -> None:
        sandbox.reset(settings=settings)

    @app.put("/sandbox/segments/{segment_id:path}")
    async def put_segment(segment_id: str, body: SegmentBody) -> dict[str, Any]:
        segment = sandbox.put_segment(segment_id, body.name or segment_id, body.users)
        return {"segment_id": segment_id, "name": segment.name, "users": len(segment.users)}

    @app.put("/sandbox/campaigns/{broadcast_live_activity_id:path}")
    async def put_campaign(broadcast_live_activity_id: str, body: CampaignBody) -> dict[str, Any]:
        sandbox.put_campaign(broadcast_live_activity_id, body.users)
        users = len(sandbox.campaigns[broadcast_live_activity_id])
        return {"broadcast_live_activity_id": broadcast_live_activity_id, "users": users}

    @app.get("/sandbox/faults")
    async def faults() -> list[PlannedFault]:
        return sandbox.faults

    @app.post("/sandbox/faults", status_code=201)
    async def add_fault(fault: PlannedFault) -> PlannedFault:
        return sandbox.add_fault(**fault.model_dump())

    @app.delete("/sandbox/faults", status_code=204)
    async def clear_faults(fault: str | None = None) -> None:
        sandbox.clear_faults(fault)

    @app.get("/sandbox/settings")
    async def settings() -> dict[str, Any]:
        return sandbox.settings.model_dump()

    @app.put("/sandbox/settings")
    async def put_settings(changes: dict[str, Any]) -> dict[str, Any]:
        try:
            return sandbox.change_settings(**changes).model_dump()
        except ValidationError as error:
            raise HTTPException(422, error.errors(include_url=False, include_context=False)) from None

    add_pages(app)
    return app
