"""Sync Live Activities with the rows of a query: thousands of activities in one task."""

from airflow_provider_liveactivity.operators.sync._braze import BrazeSyncLiveActivitiesOperator
from airflow_provider_liveactivity.operators.sync._moengage import MoEngageSyncLiveActivitiesOperator

__all__ = ["BrazeSyncLiveActivitiesOperator", "MoEngageSyncLiveActivitiesOperator"]
