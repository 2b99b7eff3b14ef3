"""Create the campaign of a broadcast Live Activity through MoEngage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_liveactivity.links import SandboxLink
from airflow_provider_liveactivity.operators._arguments import renderers, templated
from airflow_provider_liveactivity.operators._redacted_fields import Filters, Redacted, RedactedFieldsMixin
from airflow_provider_liveactivity.operators.moengage._base import MoEngageTask
from airflow_provider_liveactivity.operators.moengage._idempotency import RequestKey

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Literal, Unpack

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity._airflow_arguments import BaseOperatorArguments
    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.models.arguments import Object


#: Arguments that do not change the identity of a campaign.
_NOT_CONTENT = {"external_user_ids", "max_audience", "request_id", "validate_only"}


class MoEngageCreateBroadcastCampaignOperator(RedactedFieldsMixin, MoEngageTask):
    """
    Create the campaign of a broadcast Live Activity, for one audience.

    Give exactly one audience: ``segment_id``, ``all_users``, ``filters``, ``external_user_ids`` or ``sql``.
    The audience of a campaign cannot be changed later.

    The report also contains ``campaign_id``, ``channel_id`` if MoEngage returns one, and ``answer``, which is
    MoEngage's response. MoEngage accepts 5 campaigns a minute, 25 an hour and 100 a day: give mapped tasks a
    pool.

    :param name: name of the campaign in the dashboard. (templated)
    :param broadcast_live_activity_id: id of your choice, by which start, updates and end refer to the
        campaign. (templated)
    :param created_by: e-mail address of a user of the dashboard. (templated)
    :param segment_id: id of a saved segment; none by default. (templated)
    :param all_users: send to all users; False by default. (templated)
    :param filters: MoEngage's own filters, as a list of filters that must all match, a dict with
        ``filter_operator`` and ``filters``, or the JSON text of either; none by default. (templated; ids in
        them are not shown when rendered)
    :param external_user_ids: user ids, as a list or its JSON text; none by default. (templated; not shown
        when rendered)
    :param sql: query, or path of a ``.sql`` file, whose one column is the user id; none by default.
        (templated)
    :param sql_conn_id: id of the connection to the database of ``sql``; none by default. (templated)
    :param parameters: parameters of ``sql``, in the style of the database's driver; none by default.
        (templated)
    :param max_audience: maximum number of recipients in a list or query that the campaign may have; no limit
        by default. A larger audience is an error before the first request. (templated)
    :param on_empty_audience: what to do if the audience is empty: "fail", the default, or "skip" the task.
        (templated)
    :param tags: tags of the campaign, as a list; none by default. (templated)
    :param request_id: id of the request, as text; MoEngage creates one campaign for each id. By default it is
        derived from DAG, run, task and content, so that a retry cannot create a second campaign, but a
        cleared task can. (templated)
    :param moengage_conn_id: id of the connection to the MoEngage workspace, with ``campaign_api_key``, and
        with ``data_api_key`` for more than 1,000 ids; "moengage_default" by default. (templated)
    :param extra_fields: fields of the request that this version does not know, as a dict or JSON text; none
        by default. They are added to the body after validation. (templated)
    :param validate_only: check everything and return the report, but send nothing; False by default.
        (templated)
    """

    hidden_fields: ClassVar[dict[str, type[Redacted]]] = {"external_user_ids": Redacted, "filters": Filters}
    audiences = (("segment_id",), ("all_users",), ("filters",), ("external_user_ids",), ("sql",))
    request_id: str | None
    operator_extra_links = (*MoEngageTask.operator_extra_links, SandboxLink("broadcast_live_activity_id"))

    def __init__(
        self,
        *,
        name: str,
        broadcast_live_activity_id: str,
        created_by: str,
        segment_id: str | None = None,
        all_users: bool | str = False,
        filters: dict[str, Any] | list[dict[str, Any]] | str | None = None,
        external_user_ids: Sequence[str] | str | None = None,
        sql: str | None = None,
        sql_conn_id: str | None = None,
        parameters: Any = None,
        max_audience: int | str | None = None,
        on_empty_audience: Literal["fail", "skip"] | str = "fail",
        moengage_conn_id: str = "moengage_default",
        tags: list[str] | None = None,
        request_id: str | None = None,
        extra_fields: Object | None = None,
        validate_only: bool | str = False,
        **kwargs: Unpack[BaseOperatorArguments],
    ) -> None:
        super().__init__(**kwargs)
        self._store(locals())

    template_fields: Sequence[str] = templated(__init__)
    template_fields_renderers: ClassVar[dict[str, str]] = renderers(template_fields)
    template_ext: Sequence[str] = (".sql",)

    def _max_wait_until(self, context: Context) -> datetime:
        """Return when two of MoEngage's longest quota windows, a day each, are over: no activity is on."""
        return (getattr(context["ti"], "start_date", None) or datetime.now(UTC)) + timedelta(days=2)

    def send(self, context: Context) -> SendReport:
        create = self.hook.create_broadcast_campaign
        arguments = self._arguments_for(create)
        # The list of ids is left out, because the key is visible where ids must not be.
        content = {name: value for name, value in arguments.items() if name not in _NOT_CONTENT}
        key = RequestKey(context, content, resumed=self.resumed)
        arguments["request_id"] = self.request_id or key.value
        report = create(**arguments, possibly_sent_before=key.possibly_sent_before)
        if not self.validate_only:
            key.accepted()
        return report
