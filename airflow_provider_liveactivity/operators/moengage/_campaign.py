"""Create the campaign of a broadcast Live Activity through MoEngage."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from airflow_provider_liveactivity.links import SandboxLink
from airflow_provider_liveactivity.operators._redacted_fields import Filters, Redacted, RedactedFieldsMixin
from airflow_provider_liveactivity.operators.moengage._base import MoEngageTask
from airflow_provider_liveactivity.operators.moengage._idempotency import RequestKey

if TYPE_CHECKING:
    from collections.abc import Sequence

    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity.delivery.report import SendReport


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
    :param all_users: send to all users; False by default.
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
    :param max_audience: most people, listed or queried, that the campaign may have; no limit by default. A
        larger audience is an error before the first request. (templated)
    :param on_empty_audience: what to do if the audience is empty: "fail", the default, or "skip" the task.
    :param tags: tags of the campaign, as a list; none by default. (templated)
    :param request_id: id of the request, as text; MoEngage creates one campaign for each id. By default it is
        derived from DAG, run, task and content, so that a retry cannot create a second campaign, but a
        cleared task can. (templated)
    :param moengage_conn_id: id of the connection to the MoEngage workspace, with ``campaign_api_key``, and
        with ``data_api_key`` for more than 1,000 ids; "moengage_default" by default. (templated)
    :param validate_only: check everything and return the report, but send nothing; False by default.
    """

    template_fields: Sequence[str] = (
        "name",
        "broadcast_live_activity_id",
        "created_by",
        "segment_id",
        "filters",
        "external_user_ids",
        "sql",
        "sql_conn_id",
        "parameters",
        "max_audience",
        "tags",
        "request_id",
        "moengage_conn_id",
    )
    template_ext: Sequence[str] = (".sql",)
    template_fields_renderers: ClassVar[dict[str, str]] = {
        "filters": "json",
        "sql": "sql",
        "parameters": "json",
        "tags": "json",
    }
    hidden_fields: ClassVar[dict[str, type[Redacted]]] = {"external_user_ids": Redacted, "filters": Filters}
    operator_extra_links = (*MoEngageTask.operator_extra_links, SandboxLink("broadcast_live_activity_id"))

    def __init__(
        self,
        *,
        name: str,
        broadcast_live_activity_id: str,
        created_by: str,
        segment_id: str | None = None,
        all_users: bool = False,
        filters: dict[str, Any] | list[dict[str, Any]] | str | None = None,
        external_user_ids: Sequence[str] | str | None = None,
        sql: str | None = None,
        sql_conn_id: str | None = None,
        parameters: Any = None,
        max_audience: int | str | None = None,
        on_empty_audience: Literal["fail", "skip"] = "fail",
        tags: list[str] | None = None,
        request_id: str | None = None,
        validate_only: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.name = name
        self.broadcast_live_activity_id = broadcast_live_activity_id
        self.created_by = created_by
        self.segment_id = segment_id
        self.all_users = all_users
        self.filters = filters
        self.external_user_ids = external_user_ids
        self.sql = sql
        self.sql_conn_id = sql_conn_id
        self.parameters = parameters
        self.max_audience = max_audience
        self.on_empty_audience = on_empty_audience
        self.tags = tags
        self.request_id = request_id
        self.validate_only = validate_only

    def _max_wait_until(self, context: Context) -> datetime:
        """Return when two of MoEngage's longest quota windows, a day each, are over: no activity is on."""
        return (getattr(context["ti"], "start_date", None) or datetime.now(UTC)) + timedelta(days=2)

    def send(self, context: Context) -> SendReport:
        what = {
            "name": self.name,
            "broadcast_live_activity_id": self.broadcast_live_activity_id,
            "created_by": self.created_by,
            "tags": self.tags,
            "segment_id": self.segment_id,
            "all_users": self.all_users,
            "filters": Filters.reveal(self.filters),
            "sql": self.sql,
            "sql_conn_id": self.sql_conn_id,
            "parameters": self.parameters,
        }
        # The list of ids is left out, because the key is visible where ids must not be.
        key = RequestKey(context, what, resumed=self.resumed)
        report = self.hook.create_broadcast_campaign(
            **what,
            external_user_ids=Redacted.reveal(self.external_user_ids),
            max_audience=self.max_audience,
            request_id=self.request_id or key.value,
            possibly_sent_before=key.possibly_sent_before,
            validate_only=self.validate_only,
        )
        if not self.validate_only:
            key.accepted()
        return report
