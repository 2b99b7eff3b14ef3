"""Start the sandbox, a local stand-in for Braze and MoEngage."""

from airflow_provider_liveactivity.sandbox.__main__ import add_arguments, run

__all__ = ["add_arguments", "run"]
