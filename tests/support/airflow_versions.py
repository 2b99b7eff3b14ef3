"""
What tests need to know of the installed Airflow: names that have moved, and reasons to skip.

docs/versions.md lists for users what an older Airflow lacks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import airflow
import pytest

from airflow_provider_liveactivity._airflow_internals import AIRFLOW_V_3_3_PLUS

__all__ = [
    "AirflowRescheduleException",
    "DagSerialization",
    "OperatorSerialization",
    "deserialize",
    "serialize",
]

AIRFLOW = tuple(map(int, airflow.__version__.split(".")[:2]))

if TYPE_CHECKING or AIRFLOW >= (3, 2):
    from airflow.sdk.exceptions import AirflowRescheduleException
    from airflow.sdk.serde import deserialize, serialize
    from airflow.serialization.serialized_objects import DagSerialization, OperatorSerialization
else:
    from airflow.exceptions import AirflowRescheduleException
    from airflow.serialization.serde import deserialize, serialize
    from airflow.serialization.serialized_objects import SerializedBaseOperator as OperatorSerialization
    from airflow.serialization.serialized_objects import SerializedDAG as DagSerialization

NO_STORE = "Airflow before 3.3 has no task state store."

needs_alert_context = pytest.mark.skipif(
    AIRFLOW < (3, 2), reason="Airflow before 3.2 gives the callback of a Deadline Alert no context."
)
needs_response_timeout = pytest.mark.skipif(
    AIRFLOW < (3, 2), reason="The ApprovalOperator of Airflow before 3.2 has no response_timeout."
)
needs_connection_forms = pytest.mark.skipif(
    AIRFLOW < (3, 2), reason="Airflow before 3.2 makes connection forms from code only."
)
needs_forms_without_hooks = pytest.mark.skipif(
    not AIRFLOW_V_3_3_PLUS, reason="Airflow before 3.3 imports the hooks to draw the connection forms."
)
needs_memory_paths = pytest.mark.skipif(
    AIRFLOW < (3, 2), reason="The paths of Airflow before 3.2 cannot be in memory."
)
needs_sql_lineage = pytest.mark.skipif(
    AIRFLOW < (3, 2), reason="Airflow before 3.2 takes no queries into its lineage."
)
needs_variable_list = pytest.mark.skipif(
    not AIRFLOW_V_3_3_PLUS, reason="Airflow before 3.3 lists no Variables in a task."
)
needs_state_store = pytest.mark.skipif(not AIRFLOW_V_3_3_PLUS, reason=NO_STORE)
needs_observability = pytest.mark.skipif(
    not AIRFLOW_V_3_3_PLUS, reason="Airflow before 3.3 has no interface for metrics and traces."
)
needs_retry_policies = pytest.mark.skipif(
    not AIRFLOW_V_3_3_PLUS, reason="Airflow before 3.3 has no retry policies."
)
needs_start_from_trigger = pytest.mark.skipif(
    not AIRFLOW_V_3_3_PLUS, reason="Airflow before 3.3 cannot begin a wait without a worker."
)
needs_task_loops = pytest.mark.skipif(AIRFLOW < (3, 4), reason="Airflow before 3.4 has no task loops.")
needs_provider_commands = pytest.mark.skipif(
    AIRFLOW < (3, 2), reason="Airflow before 3.2 has no commands of providers."
)
