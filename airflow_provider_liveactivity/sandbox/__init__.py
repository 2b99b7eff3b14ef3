"""
A strict local stand-in for the Live Activity APIs of Braze and MoEngage, which shows the phones.

It is written from the vendors' documents alone and does not use the models of the package, so that tests
against it find mistakes in the models.
"""

from __future__ import annotations

from airflow_provider_liveactivity.sandbox.server import RunningSandbox, running_sandbox

__all__ = ["RunningSandbox", "running_sandbox"]
