"""
List Braze's instances with the hosts of their REST endpoints and dashboards.

Source: https://www.braze.com/docs/api/basics
"""

from __future__ import annotations

from typing import NamedTuple


class Instance(NamedTuple):
    """
    The hosts of one instance.

    :param rest: host of the REST endpoint.
    :param dashboard: host of the dashboard.
    """

    rest: str
    dashboard: str


# There is no US-09.
INSTANCES = {
    **{f"US-0{n}": Instance(f"rest.iad-0{n}.braze.com", f"dashboard-0{n}.braze.com") for n in range(1, 9)},
    "US-10": Instance("rest.us-10.braze.com", "dashboard.us-10.braze.com"),
    "EU-01": Instance("rest.fra-01.braze.eu", "dashboard-01.braze.eu"),
    "EU-02": Instance("rest.fra-02.braze.eu", "dashboard-02.braze.eu"),
    "AU-01": Instance("rest.au-01.braze.com", "dashboard.au-01.braze.com"),
    "ID-01": Instance("rest.id-01.braze.com", "dashboard.id-01.braze.com"),
    "JP-01": Instance("rest.jp-01.braze.com", "dashboard.jp-01.braze.com"),
    "KR-01": Instance("rest.kr-01.braze.com", "dashboard.kr-01.braze.com"),
}
#: Redirects each user to the dashboard of their instance.
ANY_DASHBOARD = "dashboard.braze.com"
#: Source: https://www.braze.com/docs/user_guide/administrative/app_settings/message_activity_log_tab
_ACTIVITY_LOG = "/app_settings/developer_console/activitylog/"


def activity_log(rest_host: str, instance: str | None = None) -> str:
    """
    Return the URL of the Message Activity Log, which lists errors after a request was accepted.

    :param rest_host: host of the requests, which identifies the instance unless it is a proxy.
    :param instance: name of the instance, such as US-01; None, the default, if not known.
    """
    by_host = {one.rest: one.dashboard for one in INSTANCES.values()}
    found = INSTANCES[instance].dashboard if instance else by_host.get(rest_host, ANY_DASHBOARD)
    return f"https://{found}{_ACTIVITY_LOG}"
