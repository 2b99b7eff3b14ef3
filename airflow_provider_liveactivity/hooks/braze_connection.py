"""The Airflow connection to a Braze workspace: where it leads, and whether it works."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from airflow_provider_liveactivity.errors import AuthenticationFailed, InvalidConnection, PermissionDenied
from airflow_provider_liveactivity.hooks.base import LiveActivityHook
from airflow_provider_liveactivity.hooks.connection import chosen_url, host_of, is_sandbox, text
from airflow_provider_liveactivity.hooks.probe import fault, problem
from airflow_provider_liveactivity.vendors.braze import HOST_SUFFIXES
from airflow_provider_liveactivity.vendors.braze_instances import INSTANCES, activity_log

if TYPE_CHECKING:
    from airflow.providers.common.compat.sdk import Connection

_UNSEEN = (
    "Whether it also has the permissions messages.live_activity.start and messages.live_activity.update, "
    "only a send can tell."
)


class BrazeConnection(LiveActivityHook):
    """Base of the Braze hook: what concerns its connection rather than a Live Activity."""

    braze_conn_id: str

    @cached_property
    def _connection(self) -> Connection:
        return self.get_connection(self.braze_conn_id)

    @cached_property
    def url(self) -> str:
        """Scheme and host of the workspace: the connection's host, or that of its instance."""
        hosts = {name: instance.rest for name, instance in INSTANCES.items()}
        return chosen_url(self._connection, HOST_SUFFIXES, "instance", hosts)

    @property
    def dashboard_url(self) -> str | None:
        """The Message Activity Log of the workspace's instance."""
        if is_sandbox(self.url):
            return None
        return activity_log(host_of(self.url), text(self._connection.extra_dejson, "instance"))

    def test_connection(self) -> tuple[bool, str]:
        """
        Read the list of segments once, and say what that proves.

        It needs no more of the key than to be known: a key without the permission ``segments.list`` is good.
        Source: https://www.braze.com/docs/api/endpoints/export/segments/get_segment
        """
        try:
            account = self.account
        except InvalidConnection as error:
            return False, fault(error, self.braze_conn_id)
        read = self._try(account.vendor.segments(0), account)  # type: ignore[attr-defined]
        if isinstance(read, PermissionDenied):
            return True, (
                f"{account.base_url} knows the key, which lacks the permission segments.list that this test "
                f"reads with; sends do not need it. {_UNSEEN}"
            )
        if isinstance(read, AuthenticationFailed) and read.status == 401:
            return False, (
                f"{account.base_url} answered 401: the REST API key is wrong, or it belongs to another "
                "instance or workspace. Choose the instance in your dashboard's address, and copy the key "
                "from Settings > APIs and Identifiers."
            )
        if isinstance(read, Exception):
            return False, problem(read, account)
        answer = read.answer.json()
        if not isinstance(answer, dict) or "segments" not in answer:
            return False, f"{account.base_url} answered, but not as Braze does; check the host."
        return True, f"{account.base_url} accepts the key. {_UNSEEN}"
