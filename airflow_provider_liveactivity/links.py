"""
Links from a task to the vendor's dashboard, and to the sandbox.

Airflow asks for them at the end of every leg of a task, in a new process after a deferral. So they come from
what such a process has too: the rendered fields of the operator, and its connection.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING

from airflow.providers.common.compat.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import BaseOperator, TaskInstanceKey

    from airflow_provider_liveactivity.hooks._base import LiveActivityHook


class LiveActivityLink(BaseOperatorLink):
    """Base of the links; an empty one is not shown."""

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        from airflow.providers.common.compat.sdk import AirflowNotFoundException

        from airflow_provider_liveactivity.errors import InvalidConnection

        try:
            return self.url(operator, operator.hook) or ""  # type: ignore[attr-defined]
        except (AirflowNotFoundException, InvalidConnection):
            return ""  # the task itself has failed, and told why

    @abstractmethod
    def url(self, operator: BaseOperator, hook: LiveActivityHook) -> str | None:
        """
        Return the address, or None where there is nothing to show.

        :param operator: the operator, with its fields rendered.
        :param hook: the hook of its connection.
        """


class BrazeActivityLogLink(LiveActivityLink):
    """Leads to the Message Activity Log of the instance; Braze keeps the entries for 60 hours."""

    name = "Braze Message Activity Log"

    def url(self, operator: BaseOperator, hook: LiveActivityHook) -> str | None:
        return hook.dashboard_url


class MoEngageCampaignsLink(LiveActivityLink):
    """Leads to the campaigns of the workspace's data center."""

    name = "MoEngage campaigns"

    def url(self, operator: BaseOperator, hook: LiveActivityHook) -> str | None:
        return hook.dashboard_url


class SandboxLink(LiveActivityLink):
    """
    Leads to the phones of the activity, where the connection leads to the sandbox.

    :param id_field: field of the operator that names the activity; without one, all phones are shown.
    """

    name = "Sandbox"

    def __init__(self, id_field: str = "") -> None:
        self.id_field = id_field

    def url(self, operator: BaseOperator, hook: LiveActivityHook) -> str | None:
        return hook.sandbox_url(getattr(operator, self.id_field) if self.id_field else None)
