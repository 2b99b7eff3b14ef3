"""Live Activities of single users, through MoEngage's Inform API."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.delivery.batch_requests import AudienceRequests
from airflow_provider_liveactivity.delivery.options import DeliveryOptions
from airflow_provider_liveactivity.errors import RecipientRejected
from airflow_provider_liveactivity.hooks._arguments import checked_arguments
from airflow_provider_liveactivity.hooks._base import SendOptions, SendPlan, content_hash, send_options
from airflow_provider_liveactivity.hooks._moengage_connection import MoEngageCalls
from airflow_provider_liveactivity.hooks._moengage_recipients import Recipients
from airflow_provider_liveactivity.models.moengage_inform import UserActivity
from airflow_provider_liveactivity.models.schema import check_schema
from airflow_provider_liveactivity.vendors.moengage_inform import REQUESTS_PER_MINUTE, TOKENS, Inform

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from airflow_provider_liveactivity.delivery.checkpoint import Checkpoint
    from airflow_provider_liveactivity.delivery.progress import Progress
    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.models.arguments import EpochMoment, Object, Schema
    from airflow_provider_liveactivity.models.moengage_inform import LaType

#: Evenly spaced, so that no sixty seconds hold more than MoEngage takes in a minute.
MAX_PER_SECOND = REQUESTS_PER_MINUTE // 60
#: Enough for that rate at answers of a third of a second.
MAX_WORKERS = 64


class UserActivities(MoEngageCalls):
    """The calls for single users; a request each."""

    @checked_arguments
    def start_live_activity(
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
        max_audience: int | str | None = None,
        content_state_schema: Schema | None = None,
        validate_only: bool = False,
        fan_out: DeliveryOptions | None = None,
        checkpoint: Checkpoint | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> SendReport:
        """
        Start a Live Activity on the phones of single users.

        :param activity_id: your name for the activity; with the user's id it makes the ``transaction_id``.
        :param content_state: object with the whole state to show, or its JSON text; where it is left out, the
            alert's template has it.
        :param attribute_info: object with the static attributes, or its JSON text; where it is left out, the
            alert's template has it.
        :param transaction_id: id of one user's activity, 1 to 50 characters, the same on start, update and
            end; for an activity that the app has started itself, the id that it has there. Needs an audience
            of one. By default each user has one that follows from ``activity_id``.
        :param alert_id: the alert that was made in the dashboard, for Live Activities; this or the next.
        :param alert_reference_name: its reference name.
        :param stale_date: when the content counts as outdated: aware datetime, ISO-8601 text with an offset,
            epoch seconds, or timedelta from the moment of sending.
        :param dismissal_date: when the activity leaves the phones, in the same forms; Inform refuses a past
            moment.
        :param personalized_attributes: values of the variables in the alert's template, as an object or its
            JSON text.
        :param external_user_ids: list of user ids, or object of user id → push token; this or ``sql``.
        :param sql: query whose first column is the user id. A second column is the push token, or the
            ``transaction_id`` where it has that name; a third is the other of the two.
        :param sql_conn_id: connection to the database that the query is for.
        :param parameters: parameters of the query.
        :param max_audience: the most users this may reach; more is an error before the first request.
        :param content_state_schema: JSON Schema, or its path, that the content state must satisfy.
        :param validate_only: do everything but send, and return the report.
        :param fan_out: how the send spreads; by default below Inform's 10,000 requests a minute.
        :param checkpoint: where the send keeps its state between attempts; by default nowhere.
        :param on_progress: called with the progress about every 5 seconds; by default the log has it.
        :raises InvalidPayload: before anything is sent, naming the argument.
        :raises LiveActivityError: where MoEngage refuses, or cannot be reached.
        """
        return self._alert(
            "start",
            Recipients(
                external_user_ids,
                max_audience=max_audience,
                sql=sql,
                sql_conn_id=sql_conn_id,
                parameters=parameters,
            ),
            content_state_schema,
            send_options(options=fan_out, checkpoint=checkpoint, on_progress=on_progress),
            validate_only=validate_only,
            activity_id=activity_id,
            content_state=content_state,
            attribute_info=attribute_info,
            transaction_id=transaction_id,
            alert_id=alert_id,
            alert_reference_name=alert_reference_name,
            stale_date=stale_date,
            dismissal_date=dismissal_date,
            personalized_attributes=personalized_attributes,
        )

    @checked_arguments
    def update_live_activity(
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
        max_audience: int | str | None = None,
        content_state_schema: Schema | None = None,
        validate_only: bool = False,
        fan_out: DeliveryOptions | None = None,
        checkpoint: Checkpoint | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> SendReport:
        """
        Update the Live Activity of single users.

        It takes the arguments of ``start_live_activity``, but for ``attribute_info``.

        :raises RateLimited: where a user had a call for this activity within the last five minutes.
        :raises InvalidPayload: before anything is sent, naming the argument.
        :raises LiveActivityError: where MoEngage refuses, or cannot be reached.
        """
        return self._alert(
            "update",
            Recipients(
                external_user_ids,
                max_audience=max_audience,
                sql=sql,
                sql_conn_id=sql_conn_id,
                parameters=parameters,
            ),
            content_state_schema,
            send_options(options=fan_out, checkpoint=checkpoint, on_progress=on_progress),
            validate_only=validate_only,
            activity_id=activity_id,
            content_state=content_state,
            transaction_id=transaction_id,
            alert_id=alert_id,
            alert_reference_name=alert_reference_name,
            stale_date=stale_date,
            dismissal_date=dismissal_date,
            personalized_attributes=personalized_attributes,
        )

    @checked_arguments
    def end_live_activity(
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
        max_audience: int | str | None = None,
        content_state_schema: Schema | None = None,
        validate_only: bool = False,
        fan_out: DeliveryOptions | None = None,
        checkpoint: Checkpoint | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> SendReport:
        """
        End the Live Activity of single users.

        It takes the arguments of ``start_live_activity``, but for ``attribute_info``.

        :raises RateLimited: where a user had a call for this activity within the last five minutes.
        :raises InvalidPayload: before anything is sent, naming the argument.
        :raises LiveActivityError: where MoEngage refuses, or cannot be reached.
        """
        return self._alert(
            "end",
            Recipients(
                external_user_ids,
                max_audience=max_audience,
                sql=sql,
                sql_conn_id=sql_conn_id,
                parameters=parameters,
            ),
            content_state_schema,
            send_options(options=fan_out, checkpoint=checkpoint, on_progress=on_progress),
            validate_only=validate_only,
            activity_id=activity_id,
            content_state=content_state,
            transaction_id=transaction_id,
            alert_id=alert_id,
            alert_reference_name=alert_reference_name,
            stale_date=stale_date,
            dismissal_date=dismissal_date,
            personalized_attributes=personalized_attributes,
        )

    def _alert(
        self,
        la_type: LaType,
        recipients: Recipients,
        schema: Schema | None,
        options: SendOptions,
        *,
        validate_only: bool,
        **content: Any,
    ) -> SendReport:
        options.setdefault(
            "options",
            DeliveryOptions(
                MAX_WORKERS, MAX_PER_SECOND, on_unknown="skip" if la_type == "start" else "resend"
            ),
        )
        # A start that MoEngage calls a duplicate is one that the user has: never a second card.
        options["possibly_sent_before"] = la_type == "start"
        content["la_type"] = la_type
        check_schema(content["content_state"], schema)
        plan = self._plan(UserActivity.build(**content), recipients, content_hash(content))
        report = self._deliver(plan, validate_only=validate_only, **options)
        if report["rejected"] and not (report["accepted"] or report["unknown"] or report["validate_only"]):
            raise RecipientRejected(
                f"MoEngage has refused every one of {report['rejected']:,} recipients; {TOKENS}."
            )
        return report

    def _plan(self, activity: UserActivity, recipients: Recipients, content: str) -> SendPlan:
        workspace = self.workspace_for(partial(Inform, la_type=activity.la_type), "inform_api_key")
        assert isinstance(workspace.vendor, Inform)  # for the type checker: made here  # noqa: S101
        alert = workspace.vendor.alerts(activity)
        audience = recipients.audience

        return SendPlan(
            activity.la_type,
            activity.activity_id,
            activity.content_state or {},
            AudienceRequests(audience, 1, lambda batch: alert(*recipients.of(batch))),
            content_hash(content, audience.fingerprint),
            audience,
            recipients.check(activity.transaction_id),
            workspace=workspace,
            warnings=activity.warnings(),
        )
