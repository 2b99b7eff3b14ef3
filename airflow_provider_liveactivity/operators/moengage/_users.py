"""Start, update and end the Live Activities of single users through MoEngage's Inform API."""

from __future__ import annotations

import math
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
    Base of the operators for single users: a request each, at most 10,000 a minute.

    Whoever was accepted is never sent to again, whatever dies: a retry goes on where the last attempt stopped
    (Airflow 3.3 and later). MoEngage takes one call for a user's activity in five minutes; what comes sooner
    defers, and goes on when they are over.

    :param activity_id: your name for the activity, the same for start, updates and end. (templated)
    :param transaction_id: id of one user's activity, 1 to 50 characters, the same on start, update and end;
        for an activity that the app has started itself, the id that it has there. Needs an audience of one.
        By default each user has one that follows from ``activity_id`` and the user's id. (templated)
    :param content_state: object with the whole state to show, or its JSON text; where it is left out, the
        alert's template has it. (templated)
    :param alert_id: id of the alert that was made in the dashboard; this or the next. (templated)
    :param alert_reference_name: its reference name. (templated)
    :param stale_date: when the content counts as outdated: aware datetime, ISO-8601 text with an offset,
        epoch seconds, or timedelta from the moment of sending. (templated)
    :param dismissal_date: when the activity leaves the phones, in the same forms; not in the past.
        (templated)
    :param personalized_attributes: values of the variables in the alert's template, as an object or its JSON
        text. (templated)
    :param external_user_ids: list of user ids, or object of user id → push token, or the JSON text of either;
        this or ``sql``. (templated; not shown when rendered)
    :param sql: query, or a ``.sql`` file, whose first column is the user id. A second column is the push
        token, or the ``transaction_id`` where it has that name; a third is the other of the two. (templated)
    :param sql_conn_id: connection to the database that the query is for. (templated)
    :param parameters: parameters of the query. (templated)
    :param moengage_conn_id: connection to the MoEngage workspace, with ``inform_api_key``;
        "moengage_default" by default. (templated)
    :param content_state_schema: JSON Schema, or its path, that the content state must satisfy. (templated)
    :param max_workers: requests under way at once, each on its own connection; 64 by default.
    :param max_requests_per_second: 166 by default, which is below Inform's 10,000 a minute.
    :param on_empty_audience: "fail", the default, or "skip" the task.
    :param max_audience: the most people this may reach; more is an error before the first request.
        (templated)
    :param validate_only: do everything but send, and return the report; False by default.
    """

    template_fields: Sequence[str] = _FIELDS
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = _RENDERERS
    # Not to one activity: here every user has one of their own.
    operator_extra_links = (*MoEngageTask.operator_extra_links, SandboxLink())
    #: The whole state is in an update and in an end: once more changes nothing.
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
        from airflow_provider_liveactivity.delivery.options import DeliveryOptions
        from airflow_provider_liveactivity.delivery.rate_limit import MAX_WAIT_SECONDS

        memory = self._delivery_options(context)
        fields = {name: getattr(self, name) for name in _FIELDS if name != "moengage_conn_id"}
        return {
            **fields,
            "external_user_ids": Redacted.reveal(self.external_user_ids),
            "max_audience": self.max_audience,
            "validate_only": self.validate_only,
            **memory,
            "fan_out": DeliveryOptions(
                self.max_workers,
                self.max_requests_per_second,
                on_unknown=self.on_unknown,
                # Without a checkpoint a deferral would forget what was sent: wait in place, however long.
                max_wait=MAX_WAIT_SECONDS if memory["checkpoint"].durable else math.inf,
            ),
        }


class MoEngageStartLiveActivityOperator(MoEngageUserLiveActivityOperator):
    """
    Start a Live Activity on the phones of single users.

    :param attribute_info: object with the static attributes, or its JSON text; where it is left out, the
        alert's template has it. (templated)
    :param on_unknown: what becomes of a user whose request left and was never answered: "skip" (the default:
        nobody gets two cards, some may get none), "resend" (MoEngage refuses a second card for five minutes;
        later some may get two), or "fail".
    """

    repeatable = False
    template_fields: Sequence[str] = (*_FIELDS, "attribute_info")
    template_fields_renderers: ClassVar[dict[str, str]] = {**_RENDERERS, "attribute_info": "json"}

    def __init__(
        self,
        *,
        attribute_info: Object | None = None,
        on_unknown: Literal["skip", "resend", "fail"] = "skip",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.attribute_info = attribute_info
        self.on_unknown = on_unknown

    def send(self, context: Context) -> SendReport:
        return self.hook.start_live_activity(attribute_info=self.attribute_info, **self._call(context))


class MoEngageUpdateLiveActivityOperator(MoEngageUserLiveActivityOperator):
    """Update the Live Activity of single users."""

    def send(self, context: Context) -> SendReport:
        return self.hook.update_live_activity(**self._call(context))


class MoEngageEndLiveActivityOperator(MoEngageUserLiveActivityOperator):
    """End the Live Activity of single users."""

    def send(self, context: Context) -> SendReport:
        return self.hook.end_live_activity(**self._call(context))
