"""Arguments that several calls of the hooks share, each with its type and its documentation, once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime
    from os import PathLike

    from airflow.providers.common.compat.sdk import Context
    from airflow.sdk import ObjectStoragePath

    from airflow_provider_liveactivity.delivery.in_flight import OnUnknown
    from airflow_provider_liveactivity.delivery.preflight import OnTooSlow
    from airflow_provider_liveactivity.delivery.progress import Progress
    from airflow_provider_liveactivity.models.arguments import Duration, Object, Schema
    from airflow_provider_liveactivity.sync.plan import OnBadRow, OnEmpty, OnMissing
    from airflow_provider_liveactivity.sync.source import Rows


class ContentArguments(TypedDict, total=False):
    """
    Arguments of every call that sends a content state.

    :param content_state_schema: JSON Schema that the content state must match, as a dict, JSON text, or path
        of a JSON or Swift file; None, the default, disables the check.
    :param extra_fields: object with fields that this provider does not know, or its JSON text. They are added
        to the request body after validation, and never replace a field. None by default.
    :param validate_only: do everything except send, and return the report; False by default.
    """

    content_state_schema: Schema | None
    extra_fields: Object | None
    validate_only: bool


class QueryArguments(TypedDict, total=False):
    """
    Arguments of a query for recipients.

    :param sql: query that returns the recipients; None by default.
    :param sql_conn_id: id of the connection to the query's database; None by default.
    :param parameters: list or dict of the query's parameters, or its JSON text; None by default.
    :param max_audience: maximum number of recipients, listed or queried: a number, or its digits as text. A
        larger audience is an error before the first request. None, the default, sets no limit.
    """

    sql: str | None
    sql_conn_id: str | None
    parameters: Any
    max_audience: int | str | None


class DeliveryArguments(TypedDict, total=False):
    """
    Arguments of a call that sends many requests.

    :param max_workers: maximum number of requests in flight, each on its own connection; at most 256.
    :param max_requests_per_second: maximum number of requests per second; None for no limit.
    :param quota_reserve: share of the vendor's quota, 0 to 1, that is left to other traffic; 0.1 by default.
    :param on_unknown: what to do with a request whose outcome is unknown: "skip" its recipients, "resend" it,
        or "fail".
    :param max_wait: maximum seconds to wait in place for the vendor's next quota window; 45 by default. A
        longer wait is the error QuotaExhausted.
    :param context: context of the running task, as ``get_current_context()`` returns it. The task then keeps
        the state of the send (Airflow 3.3 and later): a retry continues where the last attempt stopped. None,
        the default, keeps nothing.
    :param resend_after_clear: whether a finished send is sent again if a person clears the task; False by
        default, because a task that failed after its send may be cleared too.
    :param on_progress: function that receives the progress about every 5 seconds; None, the default, logs it
        and, with a context, shows it in the state of the task.
    """

    max_workers: int
    max_requests_per_second: float | None
    quota_reserve: float
    on_unknown: OnUnknown
    max_wait: float
    context: Context | None
    resend_after_clear: bool
    on_progress: Callable[[Progress], None] | None


class StartDeliveryArguments(DeliveryArguments, total=False):
    """
    Arguments of a start for many recipients, with those of ``DeliveryArguments``.

    :param outcomes_path: folder for the outcome of every recipient, which ``outcomes()`` reads: local path,
        URL such as ``s3://conn_id@bucket/folder``, or ``ObjectStoragePath``. The files contain the ids of
        the recipients. None, the default, keeps counts only.
    :param end_time: when the activity ends: aware datetime or ISO-8601 text; None by default. The last
        response must come before this moment, unless the end is in the past. The limit of 8 hours applies in
        any case.
    :param on_too_slow: what to do if the send cannot finish in time with the vendor's quota: "fail", the
        default, before the first request, or "warn" in the log.
    """

    outcomes_path: str | PathLike[str] | ObjectStoragePath | None
    end_time: datetime | str | None
    on_too_slow: OnTooSlow


class SyncArguments(TypedDict, total=False):
    """
    Arguments of a sync of activities with rows, which both vendors have.

    :param sql: query whose rows are the activities; this or ``rows``.
    :param sql_conn_id: id of the connection to the query's database.
    :param parameters: list or dict of the query's parameters, or its JSON text; None by default.
    :param rows: list of dicts, or a function that returns or yields dicts, called again for each pass.
    :param transform: function that takes a row and returns the fields of its activity as a dict; None, the
        default, takes the columns as the fields.
    :param state_table: name of the table that stores what was sent, with or without a schema;
        "live_activity_state" by default. It is created if it is missing.
    :param state_conn_id: id of the connection to the database of the state table; by default ``sql_conn_id``.
    :param on_missing: what to do with an activity that is on and has no row: "keep" it (the default), or
        "end" it with its last state.
    :param allow_end_all: whether ``on_missing="end"`` also applies to a query without rows, and so ends every
        activity; False by default.
    :param on_bad_row: what to do with a row that cannot be sent: "skip" it (the default), or "fail" before
        anything is sent.
    :param on_empty: what to do if there are no rows: "skip" (the default), or "fail". Ends that are due are
        sent in both cases.
    :param on_unknown: what to do with a start that may have been carried out: "skip" it (the default),
        "resend" it, which may show the activity twice, or "fail" after the pass.
    :param min_update_interval: minimum time between two updates of an activity: timedelta, seconds or
        ISO-8601 text. An update that comes earlier is held back, and the newest state is sent later. None,
        the default, holds none back. MoEngage accepts one request for a user's activity in five minutes,
        which is the minimum there.
    :param poll_interval: time from one pass to the next: timedelta, seconds or ISO-8601 text. None, the
        default, makes one pass.
    :param until: moment of the last pass: aware datetime or ISO-8601 text with an offset. Needs
        ``poll_interval``.
    :param wake: function that takes a number of seconds and waits for them. It returns earlier, and a true
        value, if rows may have changed. None, the default, only waits.
    :param content_state_schema: JSON Schema that each content state must match, as a dict, JSON text, or path
        of a JSON or Swift file; None, the default, disables the check.
    :param attributes_schema: the same for the attributes of each start.
    :param extra_fields: object with fields of the start that this provider does not know, or its JSON text,
        for all rows without the column. They are added to the request body after validation, and never
        replace a field. None by default.
    :param update_extra_fields: the same for updates.
    :param end_extra_fields: the same for the end.
    :param outcomes_path: folder for the outcome of every start, which ``outcomes()`` reads: local path, URL
        such as ``s3://conn_id@bucket/folder``, or ``ObjectStoragePath``. The files contain the ids of the
        recipients. None, the default, keeps counts only.
    :param max_workers: maximum number of requests in flight, 1 to 256.
    :param max_requests_per_second: maximum number of requests per second; None for no limit.
    :param quota_reserve: share of the vendor's quota, 0 to 1, that is left to other traffic; 0.1 by default.
    :param validate_only: read the rows and build every request, but send nothing; False by default.
    """

    sql: str | None
    sql_conn_id: str | None
    parameters: Any
    rows: Rows | None
    transform: Callable[[Any], Any] | None
    state_table: str
    state_conn_id: str | None
    on_missing: OnMissing
    allow_end_all: bool
    on_bad_row: OnBadRow
    on_empty: OnEmpty
    on_unknown: OnUnknown
    min_update_interval: Duration | None
    poll_interval: Duration | None
    until: datetime | str | None
    wake: Callable[[float], Any] | None
    content_state_schema: Schema | None
    attributes_schema: Schema | None
    extra_fields: Object | None
    update_extra_fields: Object | None
    end_extra_fields: Object | None
    outcomes_path: str | PathLike[str] | ObjectStoragePath | None
    max_workers: int
    max_requests_per_second: float | None
    quota_reserve: float
    validate_only: bool
