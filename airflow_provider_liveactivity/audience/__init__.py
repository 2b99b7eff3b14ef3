"""Read the recipients of a Live Activity, from a list or a SQL query, in batches that a retry can resume."""

from __future__ import annotations

from airflow_provider_liveactivity.audience.base import Audience, AudienceUnavailable, Batch, check_audience
from airflow_provider_liveactivity.audience.lists import ListAudience
from airflow_provider_liveactivity.audience.sql import SqlAudience

__all__ = ["Audience", "AudienceUnavailable", "Batch", "ListAudience", "SqlAudience", "check_audience"]
