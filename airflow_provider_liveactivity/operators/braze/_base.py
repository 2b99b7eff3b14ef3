"""Share the hook between the Braze operators."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.links import BrazeActivityLogLink, SandboxLink
from airflow_provider_liveactivity.operators._base import LiveActivityOperator

if TYPE_CHECKING:
    from airflow_provider_liveactivity.hooks.braze import BrazeHook


class BrazeLiveActivityOperator(LiveActivityOperator):
    """Base of the Braze operators."""

    activity_id: str
    content_state: Any
    notification: Any
    stale_date: Any
    app_id: str | None
    braze_conn_id: str
    content_state_schema: Any
    operator_extra_links = (BrazeActivityLogLink(), SandboxLink("activity_id"))
    ui_color = "#e8f0fe"

    @cached_property
    def hook(self) -> BrazeHook:
        """Hook of the operator's connection."""
        from airflow_provider_liveactivity.hooks.braze import BrazeHook

        return BrazeHook(self.braze_conn_id)
