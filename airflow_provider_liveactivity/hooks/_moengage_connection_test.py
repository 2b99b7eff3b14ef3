"""Test a MoEngage connection, with a read request for each key that has one."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from airflow_provider_liveactivity.errors import InvalidConnection
from airflow_provider_liveactivity.hooks._connection import text
from airflow_provider_liveactivity.hooks._connection_test import fault, problem
from airflow_provider_liveactivity.hooks._moengage_connection import MoEngageCalls
from airflow_provider_liveactivity.models.moengage_campaign import SearchCampaigns
from airflow_provider_liveactivity.vendors.moengage_campaign import Campaigns, Segments

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow_provider_liveactivity.http.connection import WorkspaceConfig
    from airflow_provider_liveactivity.vendors.base import Request

#: Name that no segment has: the test only needs a response.
_NOBODY = "airflow-connection-test"
_KEYS = {
    "password": "the password (Push key)",
    "campaign_api_key": "campaign_api_key",
    "data_api_key": "data_api_key",
    "inform_api_key": "inform_api_key",
}


class ProvableKeys(MoEngageCalls):
    """Test the connection."""

    def test_connection(self) -> tuple[bool, str]:
        """
        Send a read request with each key that allows one; return whether the connection works, and why.

        The Campaign key can search campaigns, and the Data key can list segments. MoEngage documents no
        request that accepts the Push or the Inform key and changes nothing, so these two keys cannot be
        tested.
        """
        try:
            given = self._given_keys()
            if not given:
                return False, "The connection has no key: give at least the Push API key, as its password."
            readable = [key for key in given if key in _READS]
            return self._read_with(readable, given) if readable else self._reach(given)
        except InvalidConnection as error:
            return False, fault(error, self.moengage_conn_id)

    def _given_keys(self) -> list[str]:
        connection = self._connection
        fields = {**connection.extra_dejson, "password": connection.password}
        return [key for key in _KEYS if text(fields, key)]

    def _read_with(self, keys: list[str], given: list[str]) -> tuple[bool, str]:
        accepted, refused = [], []
        for key in keys:
            api, read_of = _READS[key]
            workspace = self.workspace_for(api, key)
            read = self._try_request(read_of(workspace), workspace)
            if read.error is not None:
                if read.error.status is None:  # no response, so the other keys would wait in vain too
                    return False, problem(read.error, workspace)
                refused.append(f"{_KEYS[key]}: {problem(read.error, workspace)}")
            elif read.accepted().json() is None:
                return False, f"{self.url} answered, but not like MoEngage; check the host."
            else:
                accepted.append(_KEYS[key])
        sentences = [*refused]
        if accepted:
            sentences.append(f"{self.url} accepts {' and '.join(accepted)}.")
        return not refused, " ".join([*sentences, *_untested([key for key in given if key not in keys])])

    def _reach(self, given: list[str]) -> tuple[bool, str]:
        """Send a key to the segments API: even a refusal shows whether MoEngage knows the workspace."""
        workspace = self.workspace_for(Segments, given[0])
        read = self._try_request(workspace.vendor.find(_NOBODY), workspace)  # type: ignore[attr-defined]
        if read.error is None:
            return True, f"{self.url} accepts {_KEYS[given[0]]}."
        said = (read.error.body_excerpt or "").lower()
        if read.error.status not in (400, 401, 403):
            return False, problem(read.error, workspace)
        if "client not found" in said or "invalid app_key" in said:
            return False, (
                f"{self.url} does not know the workspace; check that the login is the workspace ID of "
                "Settings > Account > APIs, and that the data center is the one in your dashboard's address."
            )
        known = "knows the workspace" if "app_secret" in said else "answers"
        return True, " ".join([f"{self.url} {known}.", *_untested(given)])


def _search(workspace: WorkspaceConfig) -> Request:
    fields = {"channels": ["PUSH"], "delivery_type": ["BROADCAST_LIVE_ACTIVITY"]}
    body = SearchCampaigns.build(request_id=uuid.uuid4().hex, campaign_fields=fields)
    return workspace.vendor.search(body)  # type: ignore[attr-defined, no-any-return]


def _find(workspace: WorkspaceConfig) -> Request:
    return workspace.vendor.find(_NOBODY)  # type: ignore[attr-defined, no-any-return]


_READS: dict[str, tuple[type[Campaigns | Segments], Callable[[WorkspaceConfig], Request]]] = {
    "campaign_api_key": (Campaigns, _search),
    "data_api_key": (Segments, _find),
}


def _untested(keys: list[str]) -> list[str]:
    if not keys:
        return []
    names = " and ".join(_KEYS[key] for key in keys)
    return [f"Not tested: {names}, because MoEngage documents no request that only reads with such a key."]
