"""Task groups that start a Live Activity, wait for its end, and always end it."""

from airflow_provider_liveactivity.lifecycle._braze import BrazeLiveActivity
from airflow_provider_liveactivity.lifecycle._moengage import MoEngageBroadcastLiveActivity

__all__ = ["BrazeLiveActivity", "MoEngageBroadcastLiveActivity"]
