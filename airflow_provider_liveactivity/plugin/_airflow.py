"""Import the parts of Airflow's API server that the board uses. All of them are private."""

from typing import Any

from airflow.api_fastapi.app import get_auth_manager
from airflow.api_fastapi.auth.managers.models.resource_details import DagAccessEntity
from airflow.api_fastapi.common.db.common import SessionDep
from airflow.api_fastapi.core_api.security import GetUserDep, requires_access_dag, requires_authenticated
from airflow.models.crypto import get_fernet
from airflow.models.dag import DagModel
from airflow.models.dagrun import DagRun
from airflow.models.renderedtifields import RenderedTaskInstanceFields
from airflow.models.serialized_dag import SerializedDagModel
from airflow.models.taskinstance import TaskInstance
from airflow.models.variable import Variable
from airflow.models.xcom import XComModel

from airflow_provider_liveactivity._airflow_internals import AIRFLOW_V_3_3_PLUS

__all__ = [
    "DagAccessEntity",
    "DagModel",
    "DagRun",
    "GetUserDep",
    "RenderedTaskInstanceFields",
    "SerializedDagModel",
    "SessionDep",
    "TaskInstance",
    "TaskStateStoreModel",
    "Variable",
    "XComModel",
    "get_auth_manager",
    "get_fernet",
    "requires_access_dag",
    "requires_authenticated",
]

#: The task state store; None before Airflow 3.3.
TaskStateStoreModel: Any = None
if AIRFLOW_V_3_3_PLUS:
    from airflow.models import task_state_store

    TaskStateStoreModel = task_state_store.TaskStateStoreModel
