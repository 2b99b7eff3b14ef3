"""An auth manager in which one user may read one DAG only, and another the XComs of one DAG only."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

#: May read one DAG.
RESTRICTED_USER = "guest"
#: May read all DAGs, but task instances and XComs of one.
OUTSIDER = "outsider"
READABLE_DAG = "match"


class OneDagAuthManager(SimpleAuthManager):
    """Let ``guest`` read the DAG ``match`` and no other, and ``outsider`` the tasks and XComs of no other."""

    def is_authorized_dag(
        self, *, method: Any, user: Any, access_entity: Any = None, details: Any = None
    ) -> bool:
        allowed = super().is_authorized_dag(
            method=method, user=user, access_entity=access_entity, details=details
        )
        dag_id = details.id if details is not None else None
        if user.username == RESTRICTED_USER and dag_id is not None:
            return allowed and dag_id == READABLE_DAG
        if user.username == OUTSIDER and access_entity is not None:
            return allowed and dag_id == READABLE_DAG
        return allowed
