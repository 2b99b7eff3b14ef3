"""Share the hook and the handling of limits without a reset time between the MoEngage operators."""

from __future__ import annotations

from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING

from airflow_provider_liveactivity.links import MoEngageCampaignsLink
from airflow_provider_liveactivity.operators._base import LiveActivityOperator

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from airflow.providers.common.compat.sdk import BaseOperatorLink

    from airflow_provider_liveactivity.errors import LiveActivityError
    from airflow_provider_liveactivity.hooks.moengage import MoEngageHook

#: Shortest quota window of each MoEngage limit; some limits have longer windows too.
WINDOW = timedelta(minutes=1)


class MoEngageTask(LiveActivityOperator):
    """
    Base of the operators for MoEngage.

    MoEngage does not document a reset time for a 429 response. After a 429 without a reset time, the task
    defers for one minute, once per attempt. After that, Airflow's retries decide.
    """

    moengage_conn_id: str
    operator_extra_links: Collection[BaseOperatorLink] = (MoEngageCampaignsLink(),)
    ui_color = "#e6f4ea"

    @cached_property
    def hook(self) -> MoEngageHook:
        """Hook of the operator's connection."""
        from airflow_provider_liveactivity.hooks.moengage import MoEngageHook

        return MoEngageHook(self.moengage_conn_id)

    def _retry_time(self, error: LiveActivityError) -> datetime | None:
        from airflow_provider_liveactivity.errors import RateLimited, cause_of
        from airflow_provider_liveactivity.models.moments import utcnow

        cause = cause_of(error)
        if isinstance(cause, RateLimited) and cause.reset_at is None and not self.resumed:
            return utcnow() + WINDOW
        return super()._retry_time(error)
