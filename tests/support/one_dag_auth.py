"""An auth manager in which one user may read one DAG only."""

from __future__ import annotations

from typing import Any

from airflow.api_fastapi.auth.managers.simple.simple_auth_manager import SimpleAuthManager

RESTRICTED_USER = "guest"
READABLE_DAG = "match"


class OneDagAuthManager(SimpleAuthManager):
    """Let ``guest`` read the DAG ``match``, and no other."""

    def is_authorized_dag(
        self, *, method: Any, user: Any, access_entity: Any = None, details: Any = None
    ) -> bool:
        allowed = super().is_authorized_dag(
            method=method, user=user, access_entity=access_entity, details=details
        )
        names_a_dag = details is not None and details.id is not None
        if user.username == RESTRICTED_USER and names_a_dag:
            return allowed and details.id == READABLE_DAG
        return allowed
