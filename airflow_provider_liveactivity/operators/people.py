"""Lists of people as template fields, without showing them among the rendered templates."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow_provider_liveactivity.operators.base import LiveActivityOperator


class People:
    """Holds a rendered list of people; Airflow shows only how many they are."""

    def __init__(self, members: Any) -> None:
        self.members = members

    @classmethod
    def hide(cls, value: Any) -> Any:
        """Return a rendered value so that Airflow stores and shows no id of it."""
        return value if value is None or isinstance(value, cls) else cls(value)

    @classmethod
    def reveal(cls, value: Any) -> Any:
        """Return what was hidden."""
        return value.members if isinstance(value, cls) else value

    def serialize(self) -> str:
        """Tell Airflow what to show instead."""
        counted = isinstance(self.members, list | tuple | dict)
        return f"<{len(self.members):,} people>" if counted else "<people>"

    __str__ = __repr__ = serialize


class HidesPeople(LiveActivityOperator):
    """Base of the operators with lists of people among their template fields."""

    #: Template fields, and what each is wrapped in once it is rendered.
    hidden_fields: ClassVar[dict[str, type[People]]] = {"external_user_ids": People}

    def _do_render_template_fields(self, parent: Any, *args: Any, **kwargs: Any) -> None:
        super()._do_render_template_fields(parent, *args, **kwargs)
        if parent is not self:  # a value with fields of its own: ours may still be waiting for their turn
            return
        for name, wrapper in self.hidden_fields.items():
            setattr(self, name, wrapper.hide(getattr(self, name)))
