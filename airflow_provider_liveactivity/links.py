"""
Links from a task to the vendor's dashboard and to the sandbox.

Airflow requests the links each time a task ends or defers, and after a deferral it does so in a new process.
The links therefore use only the rendered fields of the operator and its connection. Airflow stores an XCom
for each link, even an empty one, so an operator keeps only the links that are not empty.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperatorLink

if TYPE_CHECKING:
    from collections.abc import Iterable

    from airflow.providers.common.compat.sdk import BaseOperator, TaskInstanceKey

    from airflow_provider_liveactivity.hooks._base import LiveActivityHook


class LiveActivityLink(BaseOperatorLink):
    """Base of the links; an empty link is not shown."""

    def get_link(self, operator: BaseOperator, *, ti_key: TaskInstanceKey) -> str:
        from airflow.providers.common.compat.sdk import AirflowNotFoundException

        from airflow_provider_liveactivity.errors import InvalidConnection

        try:
            return self.url(operator, operator.hook) or ""  # type: ignore[attr-defined]
        except (AirflowNotFoundException, InvalidConnection):
            return ""  # the task itself has failed with this error

    @abstractmethod
    def url(self, operator: BaseOperator, hook: LiveActivityHook) -> str | None:
        """
        Return the URL, or None if there is nothing to show.

        :param operator: operator with rendered fields.
        :param hook: hook of the operator's connection.
        """


class BrazeActivityLogLink(LiveActivityLink):
    """Link to the Message Activity Log of the Braze instance; Braze keeps the entries for 60 hours."""

    name = "Braze Message Activity Log"

    def url(self, operator: BaseOperator, hook: LiveActivityHook) -> str | None:
        return hook.dashboard_url


class MoEngageCampaignsLink(LiveActivityLink):
    """Link to the campaigns page of the workspace's data center."""

    name = "MoEngage campaigns"

    def url(self, operator: BaseOperator, hook: LiveActivityHook) -> str | None:
        return hook.dashboard_url


class SandboxLink(LiveActivityLink):
    """
    Link to the phones that show the activity, if the connection points to the sandbox.

    :param id_field: field of the operator that contains the activity's id; empty, the default, links to all
        phones.
    """

    name = "Sandbox"

    def __init__(self, id_field: str = "") -> None:
        self.id_field = id_field

    def url(self, operator: BaseOperator, hook: LiveActivityHook) -> str | None:
        return hook.sandbox_url(getattr(operator, self.id_field) if self.id_field else None)


def filled_links(operator: BaseOperator, links: Iterable[BaseOperatorLink]) -> list[BaseOperatorLink]:
    """
    Return the links that are not empty.

    :param operator: operator with rendered fields.
    :param links: links of the operator, its own and others.
    """
    ti_key: Any = None  # not used
    return [
        link
        for link in links
        if not isinstance(link, LiveActivityLink) or link.get_link(operator, ti_key=ti_key)
    ]
