"""The result of a benchmark: rows of figures, for the terminal and for JSON."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table as RichTable

Row = dict[str, float | str]


@dataclass(frozen=True, slots=True)
class Table:
    """
    Figures under a title.

    :param title: what was measured, and the conditions.
    :param rows: rows with the same columns, whose names contain the units.
    :param note: what a reader must know.
    """

    title: str
    rows: list[Row]
    note: str = ""

    def print(self, console: Console) -> None:
        """Show the table."""
        drawn = RichTable(title=self.title, caption=self.note, title_justify="left", caption_justify="left")
        for name in self.rows[0]:
            drawn.add_column(name, justify="left" if isinstance(self.rows[0][name], str) else "right")
        for row in self.rows:
            drawn.add_row(*map(_shown, row.values()))
        console.print(drawn)


def _shown(value: float | str) -> str:
    if isinstance(value, str):
        return value
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 100 else f"{value:,.2f}"
