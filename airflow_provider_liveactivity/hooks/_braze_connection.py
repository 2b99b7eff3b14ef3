"""Read and test the Airflow connection to a Braze workspace."""

from __future__ import annotations

import itertools
from functools import cached_property
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity.errors import (
    AuthenticationFailed,
    InvalidConnection,
    PermissionDenied,
    VendorUnavailable,
)
from airflow_provider_liveactivity.hooks._base import LiveActivityHook
from airflow_provider_liveactivity.hooks._connection import (
    chosen_url,
    host_of,
    is_loopback,
    secret,
    text,
)
from airflow_provider_liveactivity.hooks._connection_test import fault, problem
from airflow_provider_liveactivity.vendors.braze import HOST_SUFFIXES, SEGMENTS_PER_PAGE, Braze
from airflow_provider_liveactivity.vendors.braze_instances import INSTANCES, activity_log

if TYPE_CHECKING:
    from collections.abc import Iterator

    from airflow_provider_liveactivity.http.connection import WorkspaceConfig


_UNSEEN = (
    "Only a send shows whether it also has the permissions messages.live_activity.start and "
    "messages.live_activity.update."
)


class BrazeConnection(LiveActivityHook):
    """Base of the Braze hook: everything that concerns the connection."""

    braze_conn_id: str
    extra_keys = ("instance", "app_id")

    @cached_property
    def url(self) -> str:
        """Scheme and host of the workspace: the connection's host, or that of its instance."""
        hosts = {name: instance.rest for name, instance in INSTANCES.items()}
        return chosen_url(self._connection, HOST_SUFFIXES, "instance", hosts)

    @cached_property
    def workspace(self) -> WorkspaceConfig:
        """The workspace of the connection, which is read at the first use."""
        connection = self._connection
        key = secret(connection, connection.password, "the password, which must hold the REST API key,")
        return self._workspace(Braze(key))

    @cached_property
    def _braze(self) -> Braze:
        vendor = self.workspace.vendor
        assert isinstance(vendor, Braze)  # for the type checker: this hook made it  # noqa: S101
        return vendor

    def _app_id(self, app_id: str | None) -> str:
        found = app_id or text(self._connection.extra_dejson, "app_id")
        if not found:
            raise InvalidConnection(
                "app_id is missing: pass it to the call, or add it to the connection "
                f"{self.braze_conn_id!r}, in its form under Extra Fields."
            )
        return found

    def segments(self) -> Iterator[dict[str, Any]]:
        """
        Yield the workspace's segments, oldest first.

        Each segment has ``id``, ``name``, ``analytics_tracking_enabled`` and ``tags``.

        Source: https://www.braze.com/docs/api/endpoints/export/segments/get_segment

        :raises PermissionDenied: if the key lacks the permission ``segments.list``.
        :raises VendorUnavailable: if the response has no list of segments.
        """
        for page in itertools.count():
            segments = self._request(self._braze.segments(page)).accepted().fields().get("segments")
            if not isinstance(segments, list):
                raise VendorUnavailable(
                    "the response has no list of segments; check that the connection's host is Braze's."
                )
            yield from segments
            if len(segments) < SEGMENTS_PER_PAGE:
                return

    @property
    def dashboard_url(self) -> str | None:
        """URL of the Message Activity Log of the workspace's instance; None for the sandbox."""
        if is_loopback(self.url):
            return None
        return activity_log(host_of(self.url), text(self._connection.extra_dejson, "instance"))

    def test_connection(self) -> tuple[bool, str]:
        """
        Read the list of segments once; return whether the connection works, and the reason.

        A key without the permission ``segments.list`` passes: the response shows that Braze knows the key.

        Source: https://www.braze.com/docs/api/endpoints/export/segments/get_segment
        """
        try:
            workspace = self.workspace
        except InvalidConnection as error:
            return False, fault(error, self.braze_conn_id)
        vendor: Any = workspace.vendor
        read = self._try_request(vendor.segments(0), workspace)
        if isinstance(read.error, PermissionDenied):
            return True, (
                f"{workspace.base_url} knows the key. The key lacks the permission segments.list, which only "
                f"this test needs. {_UNSEEN}"
            )
        if isinstance(read.error, AuthenticationFailed) and read.error.status == 401:
            return False, (
                f"{workspace.base_url} answered 401: the REST API key is wrong, or it belongs to another "
                "instance or workspace. Choose the instance in your dashboard's address, and copy the key "
                "from Settings > APIs and Identifiers. If the key has an IP allow-list, the address of "
                "this machine must be on it."
            )
        if read.error is not None:
            return False, problem(read.error, workspace)
        answer = read.accepted().json()
        if not isinstance(answer, dict) or "segments" not in answer:
            return False, f"{workspace.base_url} answered, but not like Braze; check the host."
        return True, f"{workspace.base_url} accepts the key. {_UNSEEN}"
