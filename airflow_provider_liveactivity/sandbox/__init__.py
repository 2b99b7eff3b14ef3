"""
A strict local stand-in for Braze's and MoEngage's Live Activity APIs, with a wall of phones.

It knows the vendors' documents and nothing of this package's own models, so that a mistake in those shows.
"""

from __future__ import annotations

from airflow_provider_liveactivity.sandbox.server import RunningSandbox, running_sandbox

__all__ = ["RunningSandbox", "running_sandbox"]
