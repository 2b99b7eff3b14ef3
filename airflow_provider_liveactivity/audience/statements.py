"""Wrap a user's query: the database sorts the recipients, and returns each once and no blank rows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from airflow_provider_liveactivity.audience.dialects import AUDIENCE, PEOPLE, Dialect
from airflow_provider_liveactivity.errors import InvalidPayload

#: PostgreSQL allows some of these in WITH, and would run them several times.
_CHANGES = {"ALTER", "CREATE", "DELETE", "DROP", "INSERT", "MERGE", "REPLACE", "TRUNCATE", "UPDATE"}


def single_statement(sql: Any) -> str:
    """
    Return the only statement of a text, without the semicolon at its end.

    :param sql: text of one query.
    :raises InvalidPayload: if the text has no statement, several statements, or a statement that changes
        data.
    """
    if not isinstance(sql, str):
        raise InvalidPayload(f"sql must be the text of one query, not {type(sql).__name__}.")
    # Imported here, because only SQL audiences need it.
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
        raise InvalidPayload("sql contains no query.")
    if any(pieces[place] == (tokens.Punctuation, ";") for place in code):
        raise InvalidPayload("sql contains several statements; an audience is one SELECT.")
    if pieces[code[0]][1].upper() in _CHANGES:
        raise InvalidPayload("sql changes data; an audience is one SELECT.")
    return "".join(text for _, text in pieces).strip()


@dataclass(frozen=True, slots=True)
class AudienceQuery:
    """
    The statements that the provider builds from a query.

    :param query: one statement.
    :param dialect: dialect of its database.
    :param columns: names of the columns that it returns, from the database; empty, the default, if not known
        yet.
    """

    query: str = field(repr=False)  # may contain ids
    dialect: Dialect
    columns: tuple[str, ...] = ()

    def probe(self) -> str:
        """Return a statement that returns no rows; its description has the columns of the query."""
        # The line breaks prevent a comment at the end of the query from hiding the bracket.
        return f"WITH {AUDIENCE} AS (\n{self.query}\n) SELECT * FROM {AUDIENCE} WHERE 1 = 0"

    def survey(self) -> str:
        """
        Return the statement that measures the audience, in one row.

        The row begins with the number of rows, of rows with a person, and of recipients. For each column
        follow the characters of its longest text, the bytes of its largest text, the number of fractions, and
        a sample. Rows that ``people`` leaves out count as rows only.
        """
        names = ", ".join(self._names)
        groups, columns = [], []
        for name, raw in zip(self._names, self._raw, strict=True):
            sample = self.dialect.sample.format(raw)
            groups.append(f"{sample} AS {raw}")
            columns += [
                f"MAX(CASE WHEN {self.not_blank} THEN {self.dialect.length.format(name)} END)",
                f"MAX(CASE WHEN {self.not_blank} THEN {self.dialect.size.format(name)} END)",
                f"SUM(CASE WHEN {self.not_blank} AND ({_is_fraction(name)}) THEN n ELSE 0 END)",
                sample,
            ]
        # Grouped, because few databases can count distinct pairs.
        return (
            f"{self._people(raw=True)} SELECT SUM(n), SUM(CASE WHEN {self.not_blank} THEN n ELSE 0 END), "
            f"COUNT(CASE WHEN {self.not_blank} THEN 1 END), {', '.join(columns)} FROM "
            f"(SELECT {names}, COUNT(*) AS n, {', '.join(groups)} FROM {PEOPLE} GROUP BY {names}) persons"
        )

    def people(self, *, duplicates: bool) -> str:
        """
        Return the statement that reads all recipients in order.

        :param duplicates: whether there are duplicates to remove. If not, DISTINCT is left out, because
            with DuckDB it would cost as much memory of the task as sorting.
        """
        names = ", ".join(self._names)
        select = "SELECT DISTINCT" if duplicates else "SELECT"
        return f"{self._people()} {select} {names} FROM {PEOPLE} WHERE {self.not_blank} ORDER BY {names}"

    @property
    def _names(self) -> tuple[str, ...]:
        return ("person", "label", "detail")[: len(self.columns)]

    @property
    def _raw(self) -> tuple[str, ...]:
        """Names of the columns as the query returns them, before the cast to text."""
        return tuple(f"raw_{name}" for name in self._names)

    @property
    def not_blank(self) -> str:
        # Not "<> ''": Oracle stores empty text as null, and a comparison with null is never true.
        return " AND ".join(f"NULLIF(TRIM({name}), '') IS NOT NULL" for name in self._names)

    @property
    def _audience(self) -> str:
        """The query with named columns."""
        if self.dialect.names_columns:
            return f"WITH {AUDIENCE} ({', '.join(self._raw)}) AS (\n{self.query}\n)"
        pairs = zip(self.columns, self._raw, strict=True)
        renamed = ", ".join(f"`{column}` AS {name}" for column, name in pairs)
        return f"WITH unnamed AS (\n{self.query}\n), {AUDIENCE} AS (SELECT {renamed} FROM unnamed)"

    def _people(self, *, raw: bool = False) -> str:
        """Return the query with its columns named and cast to text; with ``raw``, uncast columns follow."""
        pairs = zip(self._raw, self._names, strict=True)
        columns = [f"{self.dialect.text.format(value)} AS {name}" for value, name in pairs]
        columns += self._raw if raw else ()
        return f"{self._audience}, {PEOPLE} AS (SELECT {', '.join(columns)} FROM {AUDIENCE})"


def _is_fraction(name: str) -> str:
    """
    Return the condition that the text of a number has a fraction: 10.5, but not 10.00.

    The condition must work for any text, so it converts nothing. Every database has REPLACE. LIKE would need
    the character %, which some drivers read as a placeholder.
    """
    digits = f"REPLACE({name}, '0', '')"
    for digit in range(2, 10):
        digits = f"REPLACE({digits}, '{digit}', '1')"
    has_point = f"REPLACE({name}, '.', 'x') <> {name}"
    return (
        f"{name} IN ('Infinity', '-Infinity') OR ({has_point} AND REPLACE({digits}, '.1', 'x') <> {digits})"
    )
