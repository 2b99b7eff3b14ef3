"""Start, update and end the Live Activities of single users through MoEngage's Inform API."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_provider_liveactivity.links import SandboxLink
from airflow_provider_liveactivity.operators._redacted_fields import Redacted, RedactedFieldsMixin
from airflow_provider_liveactivity.operators.moengage._base import MoEngageTask

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.models.arguments import EpochMoment, Object, Schema

_FIELDS = (
    "activity_id",
    "transaction_id",
    "alert_id",
    "alert_reference_name",
    "content_state",
    "stale_date",
    "dismissal_date",
    "personalized_attributes",
    "external_user_ids",
    "sql",
    "sql_conn_id",
    "parameters",
    "max_audience",
    "moengage_conn_id",
    "content_state_schema",
)
_RENDERERS = {
    "content_state": "json",
    "personalized_attributes": "json",
    "sql": "sql",
    "parameters": "json",
    "content_state_schema": "json",
}


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
    :param content_state_schema: JSON Schema that the content state must satisfy, as a dict, JSON text or
        path; none by default. (templated)
    :param max_workers: most requests in flight, each on its own connection; 64 by default, at most 256.
    :param max_requests_per_second: most requests per second, or None for no limit; 166 by default, which
        stays below Inform's 10,000 a minute.
    :param on_empty_audience: what to do if the audience is empty: "fail", the default, or "skip" the task.
    :param max_audience: most people, listed or queried, that the send may reach; no limit by default. A
        larger audience is an error before the first request. (templated)
    :param validate_only: check everything and return the report, but send nothing; False by default.
    """

    template_fields: Sequence[str] = _FIELDS
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = _RENDERERS
    # The link shows all phones: each user has an activity of their own.
    operator_extra_links = (*MoEngageTask.operator_extra_links, SandboxLink())
    #: An update and an end contain the whole state, so they can be sent again without harm.
    on_unknown: Literal["skip", "resend", "fail"] = "resend"

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
        content_state_schema: Schema | None = None,
        max_workers: int = 64,
        max_requests_per_second: float | None = 166,
        on_empty_audience: Literal["fail", "skip"] = "fail",
        max_audience: int | str | None = None,
        validate_only: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.activity_id = activity_id
        self.transaction_id = transaction_id
        self.content_state = content_state
        self.alert_id = alert_id
        self.alert_reference_name = alert_reference_name
        self.stale_date = stale_date
        self.dismissal_date = dismissal_date
        self.personalized_attributes = personalized_attributes
        self.external_user_ids = external_user_ids
        self.sql = sql
        self.sql_conn_id = sql_conn_id
        self.parameters = parameters
        self.content_state_schema = content_state_schema
        self.max_workers = max_workers
        self.max_requests_per_second = max_requests_per_second
        self.on_empty_audience = on_empty_audience
        self.max_audience = max_audience
        self.validate_only = validate_only

    def _call(self, context: Context) -> dict[str, Any]:
        fields = {name: getattr(self, name) for name in _FIELDS if name != "moengage_conn_id"}
        return {
            **fields,
            "external_user_ids": Redacted.reveal(self.external_user_ids),
            "max_audience": self.max_audience,
            "validate_only": self.validate_only,
            "max_workers": self.max_workers,
            "max_requests_per_second": self.max_requests_per_second,
            "on_unknown": self.on_unknown,
            **self._kept_over_retries(context),
        }


class MoEngageStartLiveActivityOperator(MoEngageUserLiveActivityOperator):
    """
    Start a Live Activity on the phones of single users.

    :param attribute_info: static attributes, as a dict or JSON text; by default the attributes in the alert's
        template. (templated)
    :param on_unknown: what to do with a user whose request has an unknown outcome: "skip" the user, the
        default, so that no user gets two activities, but some may get none; "resend" the request, which
        MoEngage rejects within five minutes if the first one arrived, but after that some users may get two
        activities; or "fail" the task.
    :param outcomes_path: folder for the outcome of every recipient: local path, or URL such as
        ``s3://conn_id@bucket/folder``. The files contain the ids of the people. By default only the report's
        counts are kept. (templated)
    :param on_too_slow: what to do if MoEngage's quota, or the rate, does not allow the send to be over within
        the 8 hours that an activity lives: "fail", the default, before anything is sent, or "warn" in the
        log.
    """

    repeatable = False
    template_fields: Sequence[str] = (*_FIELDS, "attribute_info", "outcomes_path")
    template_fields_renderers: ClassVar[dict[str, str]] = {**_RENDERERS, "attribute_info": "json"}

    def __init__(
        self,
        *,
        attribute_info: Object | None = None,
        on_unknown: Literal["skip", "resend", "fail"] = "skip",
        outcomes_path: str | None = None,
        on_too_slow: Literal["fail", "warn"] = "fail",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.attribute_info = attribute_info
        self.on_unknown = on_unknown
        self.outcomes_path = outcomes_path
        self.on_too_slow = on_too_slow

    def send(self, context: Context) -> SendReport:
        return self.hook.start_live_activity(
            attribute_info=self.attribute_info,
            outcomes_path=self.outcomes_path,
            on_too_slow=self.on_too_slow,
            **self._call(context),
        )


class MoEngageUpdateLiveActivityOperator(MoEngageUserLiveActivityOperator):
    """Update the Live Activity of single users."""

    def send(self, context: Context) -> SendReport:
        return self.hook.update_live_activity(**self._call(context))


class MoEngageEndLiveActivityOperator(MoEngageUserLiveActivityOperator):
    """End the Live Activity of single users."""

    def send(self, context: Context) -> SendReport:
        return self.hook.end_live_activity(**self._call(context))
