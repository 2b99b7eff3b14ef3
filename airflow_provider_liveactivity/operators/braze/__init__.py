"""Start, update and end Live Activities through Braze."""

from airflow_provider_liveactivity.operators.braze._change import (
    BrazeEndLiveActivityOperator,
    BrazeUpdateLiveActivityOperator,
)
from airflow_provider_liveactivity.operators.braze._start import BrazeStartLiveActivityOperator

__all__ = [
    "BrazeEndLiveActivityOperator",
    "BrazeStartLiveActivityOperator",
    "BrazeUpdateLiveActivityOperator",
]
