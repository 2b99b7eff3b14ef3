"""Live Activities of single users, through MoEngage's Inform API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from airflow_provider_liveactivity.audience.base import check_audience
from airflow_provider_liveactivity.delivery import FanOut, Step
from airflow_provider_liveactivity.errors import InvalidPayload, RecipientRejected
from airflow_provider_liveactivity.hooks.base import Plan, identity
from airflow_provider_liveactivity.hooks.moengage_connection import MoEngageCalls
from airflow_provider_liveactivity.hooks.people import people
from airflow_provider_liveactivity.models.common import parse_object
from airflow_provider_liveactivity.models.moengage_inform import UserActivity
from airflow_provider_liveactivity.models.schema import check_schema
from airflow_provider_liveactivity.vendors.moengage_inform import REQUESTS_PER_MINUTE, TOKENS, Inform

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime, timedelta
    from pathlib import Path

    from airflow_provider_liveactivity.audience import Audience
    from airflow_provider_liveactivity.checkpoint import Checkpoint
    from airflow_provider_liveactivity.models.moengage_inform import LaType
    from airflow_provider_liveactivity.progress import Progress
    from airflow_provider_liveactivity.report import SendReport

#: Evenly spaced, so that no sixty seconds hold more than MoEngage takes in a minute.
MAX_PER_SECOND = REQUESTS_PER_MINUTE // 60
#: Enough for that rate at answers of a third of a second.
MAX_WORKERS = 64


class UserCall(TypedDict, total=False):
    """
    What the three calls have in common.

    :param activity_id: your name for the activity; with the user's id it makes the ``transaction_id`` that
        ties start, updates and end together.
    :param content_state: object with the whole state to show, or its JSON text.
    :param alert_id: the alert that was made in the dashboard, for Live Activities; this or the next.
    :param alert_reference_name: its reference name.
    :param stale_date: when the content counts as outdated: aware datetime, ISO-8601 text with an offset, or
        timedelta from the moment of sending.
    :param dismissal_date: likewise, when the activity leaves the phones; Inform refuses a past moment.
    :param personalized_attributes: values of the variables in the alert's template, as an object or its JSON
        text.
    :param external_user_ids: list of user ids, or object of user id → push token; this or ``sql``.
    :param sql: query whose one column is the user id; a second one may be the user's push token.
    :param sql_conn_id: connection to the database that the query is for.
    :param parameters: parameters of the query.
    :param max_audience: the most people this may reach; more is an error before the first request.
    :param content_state_schema: JSON Schema, or its path, that the content state must satisfy.
    :param validate_only: do everything but send, and return the report.
    :param fan_out: how the send spreads; by default below Inform's 10,000 requests a minute.
    :param checkpoint: where it keeps its state between attempts; by default nowhere.
    :param on_progress: told how far it is; by default the log is.
    """

    activity_id: str
    content_state: dict[str, Any] | str
    alert_id: str | None
    alert_reference_name: str | None
    stale_date: datetime | timedelta | str | None
    dismissal_date: datetime | timedelta | str | None
    personalized_attributes: dict[str, Any] | str | None
    external_user_ids: Sequence[str] | dict[str, str] | str | None
    sql: str | None
    sql_conn_id: str | None
    parameters: Any
    max_audience: int | None
    content_state_schema: dict[str, Any] | str | Path | None
    validate_only: bool
    fan_out: FanOut
    checkpoint: Checkpoint
    on_progress: Callable[[Progress], None]


class UserActivities(MoEngageCalls):
    """The calls for single users; a request each."""

    def start_live_activity(
        self, *, attribute_info: dict[str, Any] | str | None = None, **call: Unpack[UserCall]
    ) -> SendReport:
        """
        Start a Live Activity on the phones of single users.

        :param attribute_info: object with the static attributes, or its JSON text.
        :param call: see ``UserCall``.
        :raises InvalidPayload: before anything is sent, naming the argument.
        :raises LiveActivityError: where MoEngage refuses, or cannot be reached.
        """
        return self._alert("start", {"attribute_info": attribute_info}, **call)

    def update_live_activity(self, **call: Unpack[UserCall]) -> SendReport:
        """
        Update the Live Activity of single users.

        :param call: see ``UserCall``.
        :raises RateLimited: where a user had a call for this activity within the last five minutes.
        :raises LiveActivityError: as for the start.
        """
        return self._alert("update", {}, **call)

    def end_live_activity(self, **call: Unpack[UserCall]) -> SendReport:
        """
        End the Live Activity of single users.

        :param call: see ``UserCall``.
        :raises RateLimited: where a user had a call for this activity within the last five minutes.
        :raises LiveActivityError: as for the start.
        """
        return self._alert("end", {}, **call)

    def _alert(self, la_type: LaType, content: dict[str, Any], **call: Unpack[UserCall]) -> SendReport:
        audience = people(
            **_listed(call.pop("external_user_ids", None)),
            sql=call.pop("sql", None),
            sql_conn_id=call.pop("sql_conn_id", None),
            parameters=call.pop("parameters", None),
        )
        if audience is None:
            raise InvalidPayload("an audience is needed: external_user_ids or sql.")
        options: dict[str, Any] = {
            name: call.pop(name) for name in ("checkpoint", "on_progress", "validate_only") if name in call
        }
        options["fan_out"] = call.pop("fan_out", None) or FanOut(
            MAX_WORKERS, MAX_PER_SECOND, on_unknown="skip" if la_type == "start" else "resend"
        )
        max_audience, schema = call.pop("max_audience", None), call.pop("content_state_schema", None)
        content |= {"la_type": la_type, **call}
        check_schema(content.get("content_state"), schema)
        plan = self._plan(UserActivity.build(**content), audience, max_audience, identity(content))
        # A start that MoEngage calls a duplicate is one that the user has: never a second card.
        report = self._deliver(plan, may_be_second=la_type == "start", **options)
        if report["rejected"] and not (report["accepted"] or report["unknown"] or report["validate_only"]):
            raise RecipientRejected(
                f"MoEngage has refused every one of {report['rejected']:,} recipients; {TOKENS}."
            )
        return report

    def _plan(
        self, activity: UserActivity, audience: Audience, max_audience: int | None, content: str
    ) -> Plan:
        account = self.account_for(partial(Inform, la_type=activity.la_type), "inform_api_key")
        assert isinstance(account.vendor, Inform)  # for the type checker: made here  # noqa: S101
        alert = account.vendor.alerts(activity)

        def steps(after: Any) -> Iterator[Step]:
            for batch in audience.batches(1, after):
                user_id, recipient = (
                    (batch.external_user_ids[0], None) if batch.external_user_ids else batch.user_aliases[0]
                )
                yield Step(alert(user_id, recipient), batch.key)

        return Plan(
            activity.la_type,
            activity.activity_id,
            activity.content_state,
            steps,
            identity(content, audience.fingerprint),
            audience,
            check_audience(audience, max_audience=max_audience),
            account=account,
        )


def _listed(given: Any) -> dict[str, Any]:
    """Return the audience's argument for a list of users, or for users with their push tokens."""
    if isinstance(given, str) and given.lstrip().startswith("{"):
        try:
            given = parse_object(given)
        except ValueError:
            raise InvalidPayload("external_user_ids is text, but not JSON.") from None
    if not isinstance(given, Mapping):
        return {"external_user_ids": given}
    if not all(isinstance(text, str) for pair in given.items() for text in pair):
        raise InvalidPayload("external_user_ids, as an object, must hold user ids and push tokens as text.")
    return {"user_aliases": list(given.items())}
