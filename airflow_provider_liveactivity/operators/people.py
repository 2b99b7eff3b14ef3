"""Lists of people as template fields, without showing them among the rendered templates."""

from __future__ import annotations

from typing import Any


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
        return f"<{len(self.members):,} people>" if isinstance(self.members, list | tuple) else "<people>"

    __str__ = __repr__ = serialize
