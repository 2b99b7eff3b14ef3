"""Start, update and end the Live Activities of single users through MoEngage's Inform API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_liveactivity.links import SandboxLink
from airflow_provider_liveactivity.operators._arguments import renderers, templated
from airflow_provider_liveactivity.operators._redacted_fields import RedactedFieldsMixin
from airflow_provider_liveactivity.operators.moengage._base import MoEngageTask

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Literal, Unpack

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity._airflow_arguments import BaseOperatorArguments
    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.models.arguments import EpochMoment, Object, Schema


class MoEngageUserLiveActivityOperator(RedactedFieldsMixin, MoEngageTask):
    """
    Base of the operators for single users, with one request for each user.

    An accepted request is never sent again, even if the worker dies: a retry continues where the last attempt
    stopped (Airflow 3.3 and later). MoEngage's Inform API accepts 10,000 requests a minute, and one request
    for a user's activity in five minutes. A request within the five minutes defers the task until they are
    over.

    :param activity_id: your id of the activity, as text; the same for start, updates and end. (templated)
    :param transaction_id: id of one user's activity, as text of 1 to 50 characters; the same for start,
        updates and end. For an activity that the app itself has started, give the app's id. Needs an audience
        of one user. By default each user's id is derived from ``activity_id`` and the user id. (templated)
    :param content_state: whole state to show, as a dict or JSON text; by default the state in the alert's
        template. (templated)
    :param alert_id: id of the alert in MoEngage's dashboard; ``alert_id`` or ``alert_reference_name`` is
        required. (templated)
    :param alert_reference_name: reference name of the alert in MoEngage's dashboard; ``alert_id`` or
        ``alert_reference_name`` is required. (templated)
    :param stale_date: when the content counts as outdated: aware datetime, ISO-8601 text with an offset,
        epoch seconds, or timedelta from the moment of sending; none by default. (templated)
    :param dismissal_date: when the activity leaves the phones: aware datetime, ISO-8601 text with an offset,
        epoch seconds, or timedelta from the moment of sending; none by default. A past moment is an error.
        (templated)
    :param personalized_attributes: values of the variables in the alert's template, as a dict or JSON text;
        none by default. (templated)
    :param external_user_ids: user ids, as a list, a dict of user id → push token, or the JSON text of either.
        Give either ``external_user_ids`` or ``sql``. (templated; not shown when rendered)
    :param sql: query, or path of a ``.sql`` file, whose first column is the user id. A second column is the
        push token, or the transaction id if the column has the name ``transaction_id``; a third column is the
        other of the two. Give either ``external_user_ids`` or ``sql``. (templated)
    :param sql_conn_id: id of the connection to the database of ``sql``; none by default. (templated)
    :param parameters: parameters of ``sql``, in the style of the database's driver; none by default.
        (templated)
    :param moengage_conn_id: id of the connection to the MoEngage workspace, with ``inform_api_key``;
        "moengage_default" by default. (templated)
    :param content_state_schema: JSON Schema that the content state must satisfy, as a dict, JSON text, or
        path of a JSON or Swift file; none by default. (templated)
    :param max_workers: maximum number of requests in flight, each on its own connection; 64 by default, at
        most 256. (templated)
    :param max_requests_per_second: maximum number of requests per second, or None for no limit; 166 by
        default, which stays below Inform's 10,000 a minute. (templated)
    :param on_empty_audience: what to do if the audience is empty: "fail", the default, or "skip" the task.
        (templated)
    :param max_audience: maximum number of recipients in a list or query that the send may reach; no limit by
        default. A larger audience is an error before the first request. (templated)
    :param extra_fields: fields of the request that this version does not know, as a dict or JSON text; none
        by default. They are added to the body after validation. (templated)
    :param validate_only: check everything and return the report, but send nothing; False by default.
        (templated)
    """

    # The link shows all phones: each user has an activity of their own.
    operator_extra_links = (*MoEngageTask.operator_extra_links, SandboxLink())
    template_ext: Sequence[str] = (".sql",)
    audiences = (("external_user_ids",), ("sql",))
    #: An update and an end contain the whole state, so they can be sent again without harm.
    on_unknown = "resend"

    def _send_with(self, method: Callable[..., SendReport], context: Context) -> SendReport:
        return method(**self._arguments_for(method, **self._kept_over_retries(context)))


class MoEngageStartLiveActivityOperator(MoEngageUserLiveActivityOperator):
    """
    Start a Live Activity on the phones of single users.

    :param attribute_info: static attributes, as a dict or JSON text; by default the attributes in the alert's
        template. (templated)
    :param on_unknown: what to do with a user whose request has an unknown outcome: "skip" the user, the
        default, so that no user gets two activities, but some may get none; "resend" the request, which
        MoEngage rejects within five minutes if the first one arrived, but after that some users may get two
        activities; or "fail" the task. (templated)
    :param attributes_schema: JSON Schema that ``attribute_info`` must satisfy, as a dict, JSON text, or path
        of a JSON or Swift file; none by default. (templated)
    :param outcomes_path: folder for the outcome of every recipient: local path, or URL such as
        ``s3://conn_id@bucket/folder``. The files contain the ids of the recipients. By default only the
        report's counts are kept. (templated)
    :param on_too_slow: what to do if MoEngage's quota, or the rate, does not allow the send to finish within
        the 8 hours that an activity lives: "fail", the default, before anything is sent, or "warn" in the
        log. (templated)
    """

    repeatable = False

    def __init__(
        self,
        *,
        activity_id: str,
        content_state: Object | None = None,
        attribute_info: Object | None = None,
        transaction_id: str | None = None,
        alert_id: str | None = None,
        alert_reference_name: str | None = None,
        stale_date: EpochMoment | None = None,
        dismissal_date: EpochMoment | None = None,
        personalized_attributes: Object | None = None,
        external_user_ids: Sequence[str] | dict[str, str] | str | None = None,
        sql: str | None = None,
        sql_conn_id: str | None = None,
        parameters: Any = None,
        moengage_conn_id: str = "moengage_default",
        content_state_schema: Schema | None = None,
        attributes_schema: Schema | None = None,
        max_workers: int | str = 64,
        max_requests_per_second: float | str | None = 166,
        on_unknown: Literal["skip", "resend", "fail"] | str = "skip",
        on_empty_audience: Literal["fail", "skip"] | str = "fail",
        max_audience: int | str | None = None,
        outcomes_path: str | None = None,
        on_too_slow: Literal["fail", "warn"] | str = "fail",
        extra_fields: Object | None = None,
        validate_only: bool | str = False,
        **kwargs: Unpack[BaseOperatorArguments],
    ) -> None:
        super().__init__(**kwargs)
        self._store(locals())

    template_fields: Sequence[str] = templated(__init__)
    template_fields_renderers: ClassVar[dict[str, str]] = renderers(template_fields)

    def send(self, context: Context) -> SendReport:
        return self._send_with(self.hook.start_live_activity, context)


class MoEngageChangeLiveActivityOperator(MoEngageUserLiveActivityOperator):
    """Base of the update and the end, which have the same arguments."""

    def __init__(
        self,
        *,
        activity_id: str,
        content_state: Object | None = None,
        transaction_id: str | None = None,
        alert_id: str | None = None,
        alert_reference_name: str | None = None,
        stale_date: EpochMoment | None = None,
        dismissal_date: EpochMoment | None = None,
        personalized_attributes: Object | None = None,
        external_user_ids: Sequence[str] | dict[str, str] | str | None = None,
        sql: str | None = None,
        sql_conn_id: str | None = None,
        parameters: Any = None,
        moengage_conn_id: str = "moengage_default",
        content_state_schema: Schema | None = None,
        max_workers: int | str = 64,
        max_requests_per_second: float | str | None = 166,
        on_empty_audience: Literal["fail", "skip"] | str = "fail",
        max_audience: int | str | None = None,
        extra_fields: Object | None = None,
        validate_only: bool | str = False,
        **kwargs: Unpack[BaseOperatorArguments],
    ) -> None:
        super().__init__(**kwargs)
        self._store(locals())

    template_fields: Sequence[str] = templated(__init__)
    template_fields_renderers: ClassVar[dict[str, str]] = renderers(template_fields)


class MoEngageUpdateLiveActivityOperator(MoEngageChangeLiveActivityOperator):
    """Update the Live Activity of single users."""

    def send(self, context: Context) -> SendReport:
        return self._send_with(self.hook.update_live_activity, context)


class MoEngageEndLiveActivityOperator(MoEngageChangeLiveActivityOperator):
    """End the Live Activity of single users."""

    def send(self, context: Context) -> SendReport:
        return self._send_with(self.hook.end_live_activity, context)
