"""Start, update and end the Live Activities of single users through MoEngage's Inform API."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Unpack

from airflow_provider_liveactivity.delivery.batch_requests import AudienceRequests
from airflow_provider_liveactivity.errors import RecipientRejected
from airflow_provider_liveactivity.hooks._arguments import checked_arguments, pick
from airflow_provider_liveactivity.hooks._moengage_connection import MoEngageCalls
from airflow_provider_liveactivity.hooks._moengage_recipients import Recipients
from airflow_provider_liveactivity.hooks._plan import Delivery, SendPlan, content_hash
from airflow_provider_liveactivity.hooks._shared_arguments import (
    ContentArguments,
    DeliveryArguments,
    QueryArguments,
    StartDeliveryArguments,
)
from airflow_provider_liveactivity.models.moengage_inform import UserActivity
from airflow_provider_liveactivity.models.schema import check_schema
from airflow_provider_liveactivity.vendors.moengage_inform import REQUESTS_PER_MINUTE, TOKENS, Inform

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.models.arguments import EpochMoment, Object, Schema
    from airflow_provider_liveactivity.models.moengage_inform import LaType

#: Evenly spaced, so that no period of 60 seconds has more requests than MoEngage allows per minute.
MAX_PER_SECOND = REQUESTS_PER_MINUTE // 60
#: Enough for that rate if a response takes a third of a second.
MAX_WORKERS = 64


class UserActivityArguments(ContentArguments, QueryArguments, DeliveryArguments, total=False):
    """
    Optional arguments of the calls for single users, with those of the three groups.

    One audience is required: ``external_user_ids``, or ``sql`` of ``QueryArguments``. The first column of the
    query is the user id. A second column is the push token, or the ``transaction_id`` if it has that name; a
    third column is the other of the two. By default 64 workers send 166 requests per second, which is below
    Inform's 10,000 requests per minute. By default a start skips users whose outcome is unknown; an update
    and an end are sent to them again.

    :param content_state: object with the whole state to show: dict, JSON text, pydantic model or dataclass;
        by default it comes from the alert's template.
    :param transaction_id: id of one user's activity, 1 to 50 characters, the same for start, updates and end.
        For an activity that the app started, the id that it has there. Requires an audience of one user. By
        default each user has an id that is derived from ``activity_id`` and the user id.
    :param alert_id: id of the alert for Live Activities in the dashboard; this or ``alert_reference_name``.
    :param alert_reference_name: reference name of the alert.
    :param stale_date: when the content counts as outdated: aware datetime, ISO-8601 text with an offset,
        epoch seconds, or a duration from the moment of sending (timedelta, or text such as "PT30M"); None by
        default.
    :param dismissal_date: when the activity leaves the phones, in the forms of ``stale_date``; None by
        default. Inform refuses a past moment.
    :param personalized_attributes: object with the values of the variables in the alert's template; None by
        default.
    :param external_user_ids: list of user ids, object of user id → push token, or JSON text of either.
    """

    content_state: Object | None
    transaction_id: str | None
    alert_id: str | None
    alert_reference_name: str | None
    stale_date: EpochMoment | None
    dismissal_date: EpochMoment | None
    personalized_attributes: Object | None
    external_user_ids: Sequence[str] | dict[str, str] | str | None


class UserStartArguments(UserActivityArguments, StartDeliveryArguments, total=False):
    """
    Arguments of a start, with those of ``UserActivityArguments`` and ``StartDeliveryArguments``.

    :param attributes_schema: JSON Schema that ``attribute_info`` must match, as a dict, JSON text, or path of
        a JSON or Swift file; None, the default, disables the check.
    """

    attributes_schema: Schema | None


_CONTENT = (
    "content_state",
    "transaction_id",
    "alert_id",
    "alert_reference_name",
    "stale_date",
    "dismissal_date",
    "personalized_attributes",
    "extra_fields",
)


class UserActivities(MoEngageCalls):
    """Start, update and end the activities of single users, with a request for each."""

    @checked_arguments(UserStartArguments)
    def start_live_activity(
        self,
        *,
        activity_id: str,
        attribute_info: Object | None = None,
        **arguments: Unpack[UserStartArguments],
    ) -> SendReport:
        """
        Start a Live Activity on the phones of single users.

        :param activity_id: your id of the activity. Together with the user id it gives the
            ``transaction_id``.
        :param attribute_info: object with the static attributes: dict, JSON text, pydantic model or
            dataclass; by default they come from the alert's template.
        :param arguments: further arguments, see ``UserStartArguments``: the alert, the audience,
            ``content_state``, ``context``, ``outcomes_path`` and others.
        :raises InvalidPayload: if an argument is wrong, before the first request. The message names the
            argument.
        :raises EmptyAudience: if there are no users.
        :raises RecipientRejected: if MoEngage rejects every user.
        :raises PartiallySent: if an error stopped the send after some requests had left.
        :raises LiveActivityError: if MoEngage refuses the request or cannot be reached.
        """
        if attribute_info is not None:
            check_schema(attribute_info, arguments.get("attributes_schema"), "attribute_info")
        return self._alert("start", arguments, activity_id=activity_id, attribute_info=attribute_info)

    @checked_arguments(UserActivityArguments)
    def update_live_activity(
        self, *, activity_id: str, **arguments: Unpack[UserActivityArguments]
    ) -> SendReport:
        """
        Update the Live Activity of single users.

        :param activity_id: the id that the activity was started with.
        :param arguments: further arguments, see ``UserActivityArguments``: the alert, the audience,
            ``content_state``, ``context`` and others.
        :raises RateLimited: if a user had a request for this activity within the last five minutes.
        :raises InvalidPayload: if an argument is wrong, before the first request. The message names the
            argument.
        :raises EmptyAudience: if there are no users.
        :raises RecipientRejected: if MoEngage rejects every user.
        :raises PartiallySent: if an error stopped the send after some requests had left.
        :raises LiveActivityError: if MoEngage refuses the request or cannot be reached.
        """
        return self._alert("update", arguments, activity_id=activity_id)

    @checked_arguments(UserActivityArguments)
    def end_live_activity(
        self, *, activity_id: str, **arguments: Unpack[UserActivityArguments]
    ) -> SendReport:
        """
        End the Live Activity of single users.

        :param activity_id: the id that the activity was started with.
        :param arguments: further arguments, see ``UserActivityArguments``: the alert, the audience,
            ``content_state``, ``context`` and others.
        :raises RateLimited: if a user had a request for this activity within the last five minutes.
        :raises InvalidPayload: if an argument is wrong, before the first request. The message names the
            argument.
        :raises EmptyAudience: if there are no users.
        :raises RecipientRejected: if MoEngage rejects every user.
        :raises PartiallySent: if an error stopped the send after some requests had left.
        :raises LiveActivityError: if MoEngage refuses the request or cannot be reached.
        """
        return self._alert("end", arguments, activity_id=activity_id)

    def _alert(self, la_type: LaType, arguments: Mapping[str, Any], **own: Any) -> SendReport:
        content = {"la_type": la_type, **own, **pick(arguments, *_CONTENT)}
        check_schema(content.get("content_state"), arguments.get("content_state_schema"))
        recipients = Recipients(arguments)
        activity = UserActivity.build(now=self._clock(), **content)
        plan = self._plan(activity, recipients, content_hash(content))
        is_start = la_type == "start"
        delivery = Delivery.of(
            arguments,
            # If MoEngage calls a start a duplicate, the user has the activity: do not start a second one.
            possibly_sent_before=is_start,
            max_workers=MAX_WORKERS,
            max_requests_per_second=MAX_PER_SECOND,
            on_unknown="skip" if is_start else "resend",
        )
        report = self._deliver(plan, delivery, validate_only=arguments.get("validate_only", False))
        if report["rejected"] and not (report["accepted"] or report["unknown"] or report["validate_only"]):
            raise RecipientRejected(
                f"MoEngage has refused every one of {report['rejected']:,} recipients; {TOKENS}."
            )
        return report

    def _plan(self, activity: UserActivity, recipients: Recipients, content: str) -> SendPlan:
        api = partial(Inform, la_type=activity.la_type, clock=self._clock)
        workspace = self.workspace_for(api, "inform_api_key")
        assert isinstance(workspace.vendor, Inform)  # for the type checker: made here  # noqa: S101
        alert = workspace.vendor.alerts(activity)
        audience = recipients.audience
        return SendPlan(
            workspace,
            activity.la_type,
            activity.activity_id,
            AudienceRequests(
                audience,
                1,
                lambda batch: alert(*recipients.of(batch)),
                activity.activity_id,
                lambda batch: (recipients.of(batch).user_id,),
            ),
            activity.push,
            content_hash(content, audience.fingerprint),
            audience,
            recipients.check(activity.transaction_id),
            warnings=activity.warnings(),
        )
