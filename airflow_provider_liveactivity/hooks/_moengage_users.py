"""Start, update and end the Live Activities of single users through MoEngage's Inform API."""

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

#: Evenly spaced, so that no period of 60 seconds has more requests than MoEngage allows per minute.
MAX_PER_SECOND = REQUESTS_PER_MINUTE // 60
#: Enough for that rate if a response takes a third of a second.
MAX_WORKERS = 64


class UserActivities(MoEngageCalls):
    """Start, update and end the activities of single users, with a request for each."""

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

        :param activity_id: your id of the activity. Together with the user id it gives the
            ``transaction_id``.
        :param content_state: object with the whole state to show, or its JSON text; by default it comes from
            the alert's template.
        :param attribute_info: object with the static attributes, or its JSON text; by default they come from
            the alert's template.
        :param transaction_id: id of one user's activity, 1 to 50 characters, the same for start, updates and
            end. For an activity that the app started, the id that it has there. Requires an audience of one
            user. By default each user has an id that is derived from ``activity_id`` and the user id.
        :param alert_id: id of the alert for Live Activities in the dashboard; this or
            ``alert_reference_name``.
        :param alert_reference_name: reference name of the alert.
        :param stale_date: when the content counts as outdated: aware datetime, ISO-8601 text with an offset,
            epoch seconds, or timedelta from the moment of sending; None by default.
        :param dismissal_date: when the activity leaves the phones: aware datetime, ISO-8601 text with an
            offset, epoch seconds, or timedelta from the moment of sending; None by default. Inform refuses a
            past moment.
        :param personalized_attributes: object with the values of the variables in the alert's template, or
            its JSON text; None by default.
        :param external_user_ids: list of user ids, object of user id → push token, or JSON text of either;
            this or ``sql``.
        :param sql: query whose first column is the user id. A second column is the push token, or the
            ``transaction_id`` if it has that name; a third column is the other of the two.
        :param sql_conn_id: id of the connection to the query's database.
        :param parameters: list or dict of the query's parameters, or its JSON text.
        :param max_audience: maximum number of users: a number, or its digits as text. A larger audience is an
            error before the first request. None, the default, sets no limit.
        :param content_state_schema: JSON Schema that the content state must match, as a dict, JSON text or
            path; None, the default, disables the check.
        :param validate_only: do everything except send, and return the report; False by default.
        :param fan_out: how the send uses workers and quota; by default 64 workers and 166 requests per
            second, which is below Inform's 10,000 requests per minute.
        :param checkpoint: where the send stores its state between attempts; None, the default, for nowhere.
        :param on_progress: function that receives the progress about every 5 seconds; None, the default, logs
            it.
        :raises InvalidPayload: if an argument is wrong, before the first request. The message names the
            argument.
        :raises EmptyAudience: if there are no users.
        :raises RecipientRejected: if MoEngage rejects every user.
        :raises PartiallySent: if an error stopped the send after some requests had left.
        :raises LiveActivityError: if MoEngage refuses the request or cannot be reached.
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

        :param activity_id: the id that the activity was started with.
        :param content_state: object with the whole state to show, or its JSON text; by default it comes from
            the alert's template.
        :param transaction_id: id of one user's activity, 1 to 50 characters, the same for start, updates and
            end. For an activity that the app started, the id that it has there. Requires an audience of one
            user. By default each user has an id that is derived from ``activity_id`` and the user id.
        :param alert_id: id of the alert for Live Activities in the dashboard; this or
            ``alert_reference_name``.
        :param alert_reference_name: reference name of the alert.
        :param stale_date: when the content counts as outdated: aware datetime, ISO-8601 text with an offset,
            epoch seconds, or timedelta from the moment of sending; None by default.
        :param dismissal_date: when the activity leaves the phones: aware datetime, ISO-8601 text with an
            offset, epoch seconds, or timedelta from the moment of sending; None by default. Inform refuses a
            past moment.
        :param personalized_attributes: object with the values of the variables in the alert's template, or
            its JSON text; None by default.
        :param external_user_ids: list of user ids, object of user id → push token, or JSON text of either;
            this or ``sql``.
        :param sql: query whose first column is the user id. A second column is the push token, or the
            ``transaction_id`` if it has that name; a third column is the other of the two.
        :param sql_conn_id: id of the connection to the query's database.
        :param parameters: list or dict of the query's parameters, or its JSON text.
        :param max_audience: maximum number of users: a number, or its digits as text. A larger audience is an
            error before the first request. None, the default, sets no limit.
        :param content_state_schema: JSON Schema that the content state must match, as a dict, JSON text or
            path; None, the default, disables the check.
        :param validate_only: do everything except send, and return the report; False by default.
        :param fan_out: how the send uses workers and quota; by default 64 workers and 166 requests per
            second, which is below Inform's 10,000 requests per minute.
        :param checkpoint: where the send stores its state between attempts; None, the default, for nowhere.
        :param on_progress: function that receives the progress about every 5 seconds; None, the default, logs
            it.
        :raises RateLimited: if a user had a request for this activity within the last five minutes.
        :raises InvalidPayload: if an argument is wrong, before the first request. The message names the
            argument.
        :raises EmptyAudience: if there are no users.
        :raises RecipientRejected: if MoEngage rejects every user.
        :raises PartiallySent: if an error stopped the send after some requests had left.
        :raises LiveActivityError: if MoEngage refuses the request or cannot be reached.
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

        :param activity_id: the id that the activity was started with.
        :param content_state: object with the whole state to show, or its JSON text; by default it comes from
            the alert's template.
        :param transaction_id: id of one user's activity, 1 to 50 characters, the same for start, updates and
            end. For an activity that the app started, the id that it has there. Requires an audience of one
            user. By default each user has an id that is derived from ``activity_id`` and the user id.
        :param alert_id: id of the alert for Live Activities in the dashboard; this or
            ``alert_reference_name``.
        :param alert_reference_name: reference name of the alert.
        :param stale_date: when the content counts as outdated: aware datetime, ISO-8601 text with an offset,
            epoch seconds, or timedelta from the moment of sending; None by default.
        :param dismissal_date: when the activity leaves the phones: aware datetime, ISO-8601 text with an
            offset, epoch seconds, or timedelta from the moment of sending; None by default. Inform refuses a
            past moment.
        :param personalized_attributes: object with the values of the variables in the alert's template, or
            its JSON text; None by default.
        :param external_user_ids: list of user ids, object of user id → push token, or JSON text of either;
            this or ``sql``.
        :param sql: query whose first column is the user id. A second column is the push token, or the
            ``transaction_id`` if it has that name; a third column is the other of the two.
        :param sql_conn_id: id of the connection to the query's database.
        :param parameters: list or dict of the query's parameters, or its JSON text.
        :param max_audience: maximum number of users: a number, or its digits as text. A larger audience is an
            error before the first request. None, the default, sets no limit.
        :param content_state_schema: JSON Schema that the content state must match, as a dict, JSON text or
            path; None, the default, disables the check.
        :param validate_only: do everything except send, and return the report; False by default.
        :param fan_out: how the send uses workers and quota; by default 64 workers and 166 requests per
            second, which is below Inform's 10,000 requests per minute.
        :param checkpoint: where the send stores its state between attempts; None, the default, for nowhere.
        :param on_progress: function that receives the progress about every 5 seconds; None, the default, logs
            it.
        :raises RateLimited: if a user had a request for this activity within the last five minutes.
        :raises InvalidPayload: if an argument is wrong, before the first request. The message names the
            argument.
        :raises EmptyAudience: if there are no users.
        :raises RecipientRejected: if MoEngage rejects every user.
        :raises PartiallySent: if an error stopped the send after some requests had left.
        :raises LiveActivityError: if MoEngage refuses the request or cannot be reached.
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
        # If MoEngage calls a start a duplicate, the user has the activity: do not start a second one.
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
