"""
A strict local stand-in for the Live Activity APIs of Braze and MoEngage, which shows the phones.

It is written from the vendors' documents alone and does not use the models of the package, so that tests
against it find mistakes in the models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from airflow_provider_liveactivity.sandbox.server import RunningSandbox, running_sandbox

__all__ = ["RunningSandbox", "running_sandbox"]


def __getattr__(name: str) -> Any:
    """Import the server when it is used: every ``airflow`` command imports the arguments of the program."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from airflow_provider_liveactivity.sandbox import server

    return getattr(server, name)
