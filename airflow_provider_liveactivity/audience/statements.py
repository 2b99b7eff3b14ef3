"""A user's query, wrapped so that the database sorts it, drops what is nobody, and gives everybody once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from airflow_provider_liveactivity.audience.dialects import AUDIENCE, PEOPLE, Dialect
from airflow_provider_liveactivity.errors import InvalidPayload

#: PostgreSQL lets some of these stand in WITH, and would carry them out, several times.
_CHANGES = {"ALTER", "CREATE", "DELETE", "DROP", "INSERT", "MERGE", "REPLACE", "TRUNCATE", "UPDATE"}


def single_statement(sql: Any) -> str:
    """
    Return the one statement of a text, without the semicolon at its end.

    :raises InvalidPayload: for none, for several, and for one that changes data.
    """
    if not isinstance(sql, str):
        raise InvalidPayload(f"sql must be the text of one query, not {type(sql).__name__}.")
    # Comes with the SQL hooks, and is needed only with them.
    from sqlparse import tokens
    from sqlparse.lexer import tokenize

    pieces = list(tokenize(sql))  # type: ignore[no-untyped-call]
    code = [
        place
        for place, (kind, text) in enumerate(pieces)
        if not (kind in tokens.Comment or kind in tokens.Whitespace or text.isspace())
    ]
    while code and pieces[code[-1]][1] == ";":
        pieces[code.pop()] = (tokens.Whitespace, "")
    if not code:
        raise InvalidPayload("sql has no query in it.")
    if any(pieces[place] == (tokens.Punctuation, ";") for place in code):
        raise InvalidPayload("sql has several statements in it; an audience is one SELECT.")
    if pieces[code[0]][1].upper() in _CHANGES:
        raise InvalidPayload("sql changes data; an audience is one SELECT.")
    return "".join(text for _, text in pieces).strip()


@dataclass(frozen=True, slots=True)
class Statements:
    """
    The statements that one query makes.

    :param query: one statement.
    :param dialect: of its database.
    :param columns: the names of what it returns, as the database gave them; empty for not yet known.
    """

    query: str
    dialect: Dialect
    columns: tuple[str, ...] = ()

    def probe(self) -> str:
        """Return no rows: their description tells how many columns there are."""
        # The line ends keep a comment at the query's end from swallowing the bracket.
        return f"WITH {AUDIENCE} AS (\n{self.query}\n) SELECT * FROM {AUDIENCE} WHERE 1 = 0"

    def sample(self, place: int) -> str:
        """Return one value of a column, as the driver gives it."""
        column = self._names[place]
        first = self.dialect.first.format(column)
        return f"{self._audience} SELECT {column} FROM {AUDIENCE} WHERE {column} IS NOT NULL {first}"

    def count(self) -> str:
        """Return rows, rows with a person, people, and the longest text of each column."""
        longest = ", ".join(f"MAX({self.dialect.length}({name}))" for name in self._names)
        if len(self._names) == 1:
            somebody = f"CASE WHEN {self._somebody} THEN person END"
            counts = f"COUNT(*), COUNT({somebody}), COUNT(DISTINCT {somebody})"
            return f"{self._people} SELECT {counts}, {longest} FROM {PEOPLE}"
        # Few databases count distinct pairs.
        names = ", ".join(self._names)
        return (
            f"{self._people} SELECT SUM(n), SUM(CASE WHEN {self._somebody} THEN n ELSE 0 END), "
            f"COUNT(CASE WHEN {self._somebody} THEN 1 END), {longest} "
            f"FROM (SELECT {names}, COUNT(*) AS n FROM {PEOPLE} GROUP BY {names}) pairs"
        )

    def people(self, *, duplicates: bool) -> str:
        """
        Return everybody in order.

        :param duplicates: whether there are any to remove; else DISTINCT would only cost memory, with DuckDB
            as much as the sorting, and that is the memory of the task.
        """
        names = ", ".join(self._names)
        select = "SELECT DISTINCT" if duplicates else "SELECT"
        return f"{self._people} {select} {names} FROM {PEOPLE} WHERE {self._somebody} ORDER BY {names}"

    @property
    def _names(self) -> tuple[str, ...]:
        return ("person", "label", "detail")[: len(self.columns)]

    @property
    def _somebody(self) -> str:
        # Not "<> ''": to Oracle a blank is null, and nothing differs from that.
        return " AND ".join(f"NULLIF(TRIM({name}), '') IS NOT NULL" for name in self._names)

    @property
    def _audience(self) -> str:
        """The query, its columns named."""
        if self.dialect.names_columns:
            return f"WITH {AUDIENCE} ({', '.join(self._names)}) AS (\n{self.query}\n)"
        pairs = zip(self.columns, self._names, strict=True)
        renamed = ", ".join(f"`{column}` AS {name}" for column, name in pairs)
        return f"WITH unnamed AS (\n{self.query}\n), {AUDIENCE} AS (SELECT {renamed} FROM unnamed)"

    @property
    def _people(self) -> str:
        """The query, its columns named and turned into text."""
        texts = ", ".join(f"{self.dialect.text.format(name)} AS {name}" for name in self._names)
        return f"{self._audience}, {PEOPLE} AS (SELECT {texts} FROM {AUDIENCE})"
