"""
Updates the activity of its form: the board in Airflow's navigation starts this DAG.

Copy the two lines into your DAGs folder to get the button. Restrict who may trigger the DAG: it updates the
activities of all DAGs.
"""

from __future__ import annotations

from airflow_provider_liveactivity.actions import update_now_dag

update_now_dag()
