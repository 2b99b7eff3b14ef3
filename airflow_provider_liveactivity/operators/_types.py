"""Types of the arguments that decorators and lifecycles pass on; only type checkers read this module."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, Required, TypedDict

from airflow_provider_liveactivity._airflow_arguments import TaskArguments

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow_provider_liveactivity.models.arguments import Duration, EpochMoment, Moment, Object, Schema


class StartEndTime(TypedDict, total=False):
    """Arguments of a start that name the activity's end."""

    end_time: Moment | None
    end_time_sql: str | None
    end_time_sql_conn_id: str | None
    end_time_parameters: Any
    end_timezone: str | None
    end_required: bool
    on_past_end_time: Literal["fail", "skip", "send"] | str
    on_lifetime_exceeded: Literal["fail", "warn"] | str


class UpdateOptions(TypedDict, total=False):
    """Optional arguments of each update."""

    sequence: Any
    end_task_ids: Sequence[str]


class EndOptions(TypedDict, total=False):
    """Optional arguments of each end."""

    end_time: Moment | None
    lead_time: Duration
    deferrable: bool
    end_on_kill: bool | str
    update_task_ids: Sequence[str]
    end_task_ids: Sequence[str]


class BrazeOptions(TypedDict, total=False):
    """Optional arguments of each Braze operator."""

    stale_date: Moment | None
    app_id: str | None
    braze_conn_id: str
    content_state_schema: Schema | None
    extra_fields: Object | None
    validate_only: bool | str


class BrazeAudience(TypedDict, total=False):
    """Arguments of a Braze start that choose the audience and control the send."""

    external_user_ids: Sequence[str] | str | None
    user_aliases: Sequence[dict[str, str]] | str | None
    segment_id: str | None
    custom_audience: Object | None
    sql: str | None
    sql_conn_id: str | None
    parameters: Any
    max_audience: int | str | None
    on_empty_audience: Literal["fail", "skip"] | str
    max_workers: int | str
    max_requests_per_second: float | str | None
    quota_reserve: float | str
    on_unknown: Literal["skip", "resend", "fail"] | str
    outcomes_path: str | None
    on_too_slow: Literal["fail", "warn"] | str


class BrazeStart(BrazeAudience, StartEndTime, BrazeOptions, TaskArguments, total=False):
    """Arguments of ``BrazeStartLiveActivityOperator`` without ``content_state``."""

    activity_id: Required[str]
    activity_attributes_type: Required[str]
    activity_attributes: Required[Object]
    attributes_schema: Schema | None
    notification: Required[Object]


class BrazeUpdateOptions(UpdateOptions, BrazeOptions, TaskArguments, total=False):
    """Optional arguments of ``BrazeUpdateLiveActivityOperator``."""

    notification: Object | None
    dismissal_date: Moment | None


class BrazeUpdate(BrazeUpdateOptions, total=False):
    """Arguments of ``BrazeUpdateLiveActivityOperator`` without ``content_state``."""

    activity_id: Required[str]


class BrazeEnd(EndOptions, BrazeOptions, TaskArguments, total=False):
    """Arguments of ``BrazeEndLiveActivityOperator`` without ``content_state``."""

    activity_id: Required[str]
    notification: Object | None
    dismissal_date: Moment | None


class BroadcastOptions(TypedDict, total=False):
    """Optional arguments of each MoEngage broadcast operator."""

    dismissal_date: EpochMoment | None
    instance_id: str | None
    moengage_conn_id: str
    content_state_schema: Schema | None
    extra_fields: Object | None
    validate_only: bool | str


class BroadcastStart(StartEndTime, BroadcastOptions, TaskArguments, total=False):
    """Arguments of ``MoEngageStartBroadcastLiveActivityOperator`` without ``content_state``."""

    broadcast_live_activity_id: Required[str]
    attribute_type: Required[str]
    attribute_info: Required[Object]
    attributes_schema: Schema | None
    alert: Required[Object]
    end_alert: Object | None


class BroadcastUpdateOptions(UpdateOptions, BroadcastOptions, TaskArguments, total=False):
    """Optional arguments of ``MoEngageUpdateBroadcastLiveActivityOperator``."""

    stale_date: EpochMoment | None
    on_rate_limit: Literal["wait", "coalesce", "fail"] | str


class BroadcastUpdate(BroadcastUpdateOptions, total=False):
    """Arguments of ``MoEngageUpdateBroadcastLiveActivityOperator`` without ``content_state``."""

    broadcast_live_activity_id: Required[str]
    alert: Required[Object]


class BroadcastEnd(EndOptions, BroadcastOptions, TaskArguments, total=False):
    """Arguments of ``MoEngageEndBroadcastLiveActivityOperator`` without ``content_state``."""

    broadcast_live_activity_id: Required[str]
    alert: Required[Object]
    stale_date: EpochMoment | None
