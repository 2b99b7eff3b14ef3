"""Which Airflow is installed."""

from __future__ import annotations

from airflow import __version__

#: Airflow 3.3 brings the task state store and retry policies. common-compat has the same constant, but only
#: in versions newer than those that Airflow 3.1 to 3.3 are released with.
AIRFLOW_V_3_3_PLUS = tuple(map(int, __version__.split(".")[:2])) >= (3, 3)
