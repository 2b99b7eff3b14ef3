"""Read the host and the key of one of MoEngage's APIs from an Airflow connection."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from airflow.sdk.log import mask_secret

from airflow_provider_liveactivity.delivery.rolling_limit import RollingLimiter
from airflow_provider_liveactivity.hooks._base import LiveActivityHook
from airflow_provider_liveactivity.hooks._connection import (
    chosen_url,
    host_of,
    is_loopback,
    secret,
    text,
)
from airflow_provider_liveactivity.vendors.moengage import DATA_CENTERS, HOST_SUFFIXES, campaigns_page

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_liveactivity.http.connection import WorkspaceConfig
    from airflow_provider_liveactivity.vendors.moengage_workspace import Workspace


class MoEngageCalls(LiveActivityHook):
    """Base of the MoEngage hook: one connection, with a key for each API."""

    moengage_conn_id: str
    extra_keys = ("data_center", "campaign_api_key", "inform_api_key", "data_api_key")

    @cached_property
    def rates(self) -> RollingLimiter:
        """The recent requests of this hook, to stay within MoEngage's limits."""
        return RollingLimiter(clock=self._clock)

    @cached_property
    def url(self) -> str:
        """Scheme and host of the workspace: the connection's host, or that of its data center."""
        hosts = {name: f"api-{name}.moengage.com" for name in DATA_CENTERS}
        return chosen_url(self._connection, HOST_SUFFIXES, "data_center", hosts)

    @property
    def dashboard_url(self) -> str | None:
        """URL of the dashboard's list of campaigns; None for the sandbox or an unknown data center."""
        extra = self._connection.extra_dejson
        return (
            None if is_loopback(self.url) else campaigns_page(host_of(self.url), text(extra, "data_center"))
        )

    def workspace_for(self, api: Callable[..., Workspace], key_field: str) -> WorkspaceConfig:
        """
        Return how to reach one of MoEngage's APIs.

        :param api: builds the API from workspace ID, key and ``host``.
        :param key_field: "password", or the field of the extra with the API's key.
        :raises InvalidConnection: if the connection lacks something. The message names the field.
        """
        connection = self._connection
        workspace = secret(connection, connection.login, "the login, which must hold the workspace ID,")
        extra = connection.extra_dejson
        if key_field == "password":
            key = secret(connection, connection.password, "the password, which must hold the Push API key,")
        else:
            key = secret(
                connection,
                text(extra, key_field),
                f"{key_field} in the extra, which this call needs besides the Push API key,",
            )
        vendor = api(workspace, key, host=host_of(self.url))
        for hidden in vendor.secrets():  # Airflow masks the key, but not its Basic form
            mask_secret(hidden)
        return self._workspace(vendor)
