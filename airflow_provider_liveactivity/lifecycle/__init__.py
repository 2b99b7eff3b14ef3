"""Task groups that start a Live Activity, wait for its end time, and end it, also after a failure."""

from airflow_provider_liveactivity.lifecycle._braze import BrazeLiveActivity
from airflow_provider_liveactivity.lifecycle._moengage import MoEngageBroadcastLiveActivity

__all__ = ["BrazeLiveActivity", "MoEngageBroadcastLiveActivity"]
