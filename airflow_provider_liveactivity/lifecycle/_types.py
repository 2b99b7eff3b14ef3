"""Types of the optional arguments of the lifecycles; only type checkers read this module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict

from airflow_provider_liveactivity.operators._types import BrazeAudience

if TYPE_CHECKING:
    from airflow_provider_liveactivity.models.arguments import Duration, Moment


class LifecycleOptions(TypedDict, total=False):
    """Optional arguments of each lifecycle."""

    end_time: Moment | None
    end_time_sql: str | None
    end_time_sql_conn_id: str | None
    end_time_parameters: Any
    end_timezone: str | None
    on_past_end_time: Literal["fail", "skip", "send"] | str | None
    on_lifetime_exceeded: Literal["fail", "warn"] | str | None
    recheck_interval: Duration | None
    lead_time: Duration
    on_failure: Literal["end_now", "end_on_time"]
    end_on_kill: bool | str | None
    end_retries: int
    default_args: dict[str, Any] | None
    tooltip: str
    prefix_group_id: bool


class BrazeLifecycleOptions(BrazeAudience, LifecycleOptions, total=False):
    """Optional arguments of ``BrazeLiveActivity``."""
