"""Whole lives of Live Activities: task groups that start, wait for the end, and always end."""

from airflow_provider_liveactivity.lifecycle._braze import BrazeLiveActivity
from airflow_provider_liveactivity.lifecycle._moengage import MoEngageBroadcastLiveActivity

__all__ = ["BrazeLiveActivity", "MoEngageBroadcastLiveActivity"]
