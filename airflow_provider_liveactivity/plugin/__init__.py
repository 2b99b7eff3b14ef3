"""
Add the page *Live Activities* to Airflow's navigation, and a tab with that name to each DAG run.

Airflow imports this module in every process, also in schedulers and workers. It therefore imports only the
base class: only the API server asks for the attributes, and the first such call imports the application.
"""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Any

from airflow.providers.common.compat.sdk import AirflowPlugin

#: Where the API server serves the board, below its own path.
URL_PREFIX = "/liveactivity"

log = logging.getLogger(__name__)


class LiveActivityPlugin(AirflowPlugin):
    """The board of all Live Activities, as a plugin of Airflow."""

    name = "live_activity"

    # Airflow reads both attributes from an instance.
    @cached_property
    def fastapi_apps(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The application behind the page, which the first caller builds; none if its import fails."""
        try:
            from airflow_provider_liveactivity.plugin.app import create_app

            app = create_app()
        except Exception:  # Airflow's API server does not start if a plugin raises one
            log.exception("The board of Live Activities is not available on this Airflow; all else is.")
            return []
        return [{"app": app, "url_prefix": URL_PREFIX, "name": "Live Activities"}]

    @cached_property
    def external_views(self) -> list[dict[str, Any]]:  # type: ignore[override]
        """The entry of the navigation, and the tab of a DAG run; neither without the application."""
        if not self.fastapi_apps:
            return []
        from airflow.configuration import conf

        # A proxy may serve Airflow below a path; the page is then below it too.
        host_and_path = conf.get("api", "base_url", fallback="").partition("://")[2]
        path = host_and_path.partition("/")[2].strip("/")
        url = f"/{path}{URL_PREFIX}" if path else URL_PREFIX
        shared = {
            "name": "Live Activities",
            "icon": f"{url}/files/icon.svg",
            "icon_dark_mode": f"{url}/files/icon-dark.svg",
        }
        return [
            {**shared, "href": f"{url}/", "destination": "nav", "url_route": "live-activities"},
            {
                **shared,
                "href": f"{url}/?dag_id={{DAG_ID}}&run_id={{RUN_ID}}",
                "destination": "dag_run",
                "url_route": "live-activities-of-run",
            },
        ]
