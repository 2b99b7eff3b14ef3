"""Keep lists of recipients out of the rendered templates that Airflow shows."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, ClassVar

from airflow_provider_liveactivity.operators._base import LiveActivityOperator

if TYPE_CHECKING:
    from collections.abc import Callable

    from airflow.providers.common.compat.sdk import Context


class Redacted:
    """Hold a rendered list of recipients, of which Airflow shows only the number."""

    def __init__(self, members: Any) -> None:
        self.members = members

    @classmethod
    def hide(cls, value: Any) -> Any:
        """Wrap a rendered value so that Airflow stores and shows none of its ids."""
        return value if value is None or isinstance(value, cls) else cls(value)

    @classmethod
    def reveal(cls, value: Any) -> Any:
        """Return the value without its wrapper."""
        return value.members if isinstance(value, cls) else value

    def serialize(self) -> Any:
        """Return the text that Airflow shows instead."""
        counted = isinstance(self.members, list | tuple | dict)
        return f"<{len(self.members):,} recipients>" if counted else "<recipients>"

    def __repr__(self) -> str:
        return str(self.serialize())


class Filters(Redacted):
    """Hold rendered audience filters, which Airflow shows without the ids of recipients in them."""

    def serialize(self) -> Any:
        """Return the filters that Airflow shows, without ids."""
        if not isinstance(self.members, str):
            return _without_ids(self.members)
        try:
            return _without_ids(json.loads(self.members))
        except ValueError:
            return "<no JSON>"


def _without_ids(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_without_ids(item) for item in value]
    if not isinstance(value, dict):
        return value
    shown = {name: _without_ids(item) for name, item in value.items()}
    if value.get("name") == "uid" and "value" in value:
        shown["value"] = Redacted(value["value"]).serialize()
    return shown


class RedactedFieldsMixin(LiveActivityOperator):
    """Redact the template fields that contain lists of recipients or their ids."""

    #: Template fields to redact, each with the class that wraps its rendered value.
    hidden_fields: ClassVar[dict[str, type[Redacted]]] = {"external_user_ids": Redacted}

    def _arguments_for(self, method: Callable[..., Any], **changes: Any) -> dict[str, Any]:
        arguments = super()._arguments_for(method, **changes)
        return {name: Redacted.reveal(value) for name, value in arguments.items()}

    def after_rendering(self, context: Context) -> None:
        super().after_rendering(context)
        for name, wrapper in self.hidden_fields.items():
            setattr(self, name, wrapper.hide(getattr(self, name)))
