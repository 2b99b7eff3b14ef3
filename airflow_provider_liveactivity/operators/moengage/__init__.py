"""Start, update and end Live Activities through MoEngage, and create broadcast campaigns."""

from airflow_provider_liveactivity.operators.moengage._broadcast import (
    MoEngageStartBroadcastLiveActivityOperator,
)
from airflow_provider_liveactivity.operators.moengage._broadcast_change import (
    MoEngageEndBroadcastLiveActivityOperator,
    MoEngageUpdateBroadcastLiveActivityOperator,
)
from airflow_provider_liveactivity.operators.moengage._campaign import MoEngageCreateBroadcastCampaignOperator
from airflow_provider_liveactivity.operators.moengage._users import (
    MoEngageEndLiveActivityOperator,
    MoEngageStartLiveActivityOperator,
    MoEngageUpdateLiveActivityOperator,
)

__all__ = [
    "MoEngageCreateBroadcastCampaignOperator",
    "MoEngageEndBroadcastLiveActivityOperator",
    "MoEngageEndLiveActivityOperator",
    "MoEngageStartBroadcastLiveActivityOperator",
    "MoEngageStartLiveActivityOperator",
    "MoEngageUpdateBroadcastLiveActivityOperator",
    "MoEngageUpdateLiveActivityOperator",
]
