"""Show what a task would send, and send nothing."""

from airflow_provider_liveactivity.preview._result import Preview
from airflow_provider_liveactivity.preview._task import NoPreview, preview_task
from airflow_provider_liveactivity.preview._words import facts

__all__ = ["NoPreview", "Preview", "facts", "preview_task"]
