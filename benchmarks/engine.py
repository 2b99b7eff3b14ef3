"""The engine of this provider, from the database to the last response, as in a start of BrazeHook."""

from __future__ import annotations

import time
from functools import partial
from pathlib import Path
from typing import Any

from airflow_provider_liveactivity.audience import SqlAudience, check_audience
from airflow_provider_liveactivity.delivery.batch_requests import AudienceRequests
from airflow_provider_liveactivity.delivery.checkpoint import Checkpoint
from airflow_provider_liveactivity.delivery.options import DeliveryOptions
from airflow_provider_liveactivity.delivery.report import SendCounts
from airflow_provider_liveactivity.delivery.sender import Sender
from airflow_provider_liveactivity.http.connection import WorkspaceConfig
from airflow_provider_liveactivity.models.braze import StartContent
from airflow_provider_liveactivity.outcomes import OutcomeFiles, store_locally
from airflow_provider_liveactivity.vendors.braze import Braze
from benchmarks.payload import CONTENT, KEY, PEOPLE_PER_REQUEST
from benchmarks.warehouse import Database


class SlowStore:
    """
    Airflow's task state store, as far as its time goes.

    :param seconds: seconds that each call waits, as for the API server.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._values: dict[str, Any] = {}
        self.writes = 0

    def get(self, key: str, default: Any = None) -> Any:
        """Return the value of a key."""
        return self._values.get(key, default)

    def set(self, key: str, value: Any) -> None:
        """Write the value of a key."""
        time.sleep(self._seconds)
        self._values[key] = value
        self.writes += 1


def send(
    url: str,
    database: Database,
    people: int,
    *,
    store: SlowStore | None = None,
    outcomes: Path | None = None,
    per_request: int = PEOPLE_PER_REQUEST,
    **fan_out: Any,
) -> SendCounts:
    """
    Start an activity for people of a database.

    :param url: URL of the server.
    :param store: store of the checkpoint; None for no checkpoint.
    :param outcomes: folder for the outcome of every recipient; None keeps counts only.
    :param per_request: people in each request.
    :param fan_out: arguments of ``DeliveryOptions``.
    """
    audience = SqlAudience(database, database.query(people))
    vendor = Braze(KEY)
    requests = vendor.starts(StartContent.build(**CONTENT))

    batches = AudienceRequests(
        audience,
        per_request,
        lambda batch: requests.request(batch.external_user_ids, batch.user_aliases),
        "benchmark",
    )
    return Sender(
        "benchmark",
        batches,
        WorkspaceConfig(vendor, url),
        options=DeliveryOptions(**fan_out),
        checkpoint=Checkpoint(store),
        total=check_audience(audience),
        outcomes=OutcomeFiles(partial(store_locally, outcomes)) if outcomes else None,
    ).run()
