"""Decide conditional compilation as far as an iPhone decides it, and keep track of the rest."""

from __future__ import annotations

import re
from dataclasses import dataclass

_DIRECTIVE = re.compile(r"\s*#(if|elseif|else|endif)\b(.*)")
_TRUE = re.compile(r"canImport\((ActivityKit|Foundation|SwiftUI|UIKit|WidgetKit)\)|os\(iOS\)|true")
_FALSE = re.compile(r"os\((?!iOS)\w+\)|targetEnvironment\((simulator|macCatalyst)\)|false")


@dataclass(slots=True)
class _Block:
    """An open ``#if``: the conditions so far, each true, false or unknown (None)."""

    conditions: list[bool | None]
    text: str

    @property
    def applies(self) -> bool | None:
        """Whether the code of the current branch is compiled."""
        *earlier, this = self.conditions
        if True in earlier or this is False:
            return False
        return None if None in earlier else this


def apply_conditions(text: str) -> tuple[str, dict[int, str]]:
    """
    Return a source without directives and without the branches that an iPhone does not compile.

    Lines keep their numbers. A branch that depends on something else, such as ``DEBUG``, stays.

    :param text: the source.
    :returns: the source, and the condition of each line that may not be compiled.
    """
    blocks: list[_Block] = []
    lines: list[str] = []
    uncertain: dict[int, str] = {}
    for number, line in enumerate(text.split("\n"), 1):
        if directive := _DIRECTIVE.match(line):
            _enter(blocks, directive[1], directive[2].partition("//")[0].strip())
            lines.append("")
            continue
        applies = [block.applies for block in blocks]
        lines.append("" if False in applies else line)
        if False not in applies and None in applies:
            uncertain[number] = blocks[applies.index(None)].text
    return "\n".join(lines), uncertain


def _enter(blocks: list[_Block], keyword: str, condition: str) -> None:
    if keyword == "if":
        blocks.append(_Block([_value(condition)], condition))
    elif blocks and keyword == "endif":
        blocks.pop()
    elif blocks:
        blocks[-1].conditions.append(True if keyword == "else" else _value(condition))


def _value(condition: str) -> bool | None:
    """Return the value of a condition; None if it is not the same for every build for an iPhone."""
    parts = condition.split("||")
    if any(part.count("(") != part.count(")") for part in parts):
        return None
    values = [_conjunction(part) for part in parts]
    if True in values:
        return True
    return None if None in values else False


def _conjunction(condition: str) -> bool | None:
    values = [_term(term.strip()) for term in condition.split("&&")]
    if False in values:
        return False
    return None if None in values else True


def _term(term: str) -> bool | None:
    if term.startswith("!"):
        value = _term(term[1:].strip())
        return None if value is None else not value
    if _TRUE.fullmatch(term):
        return True
    return False if _FALSE.fullmatch(term) else None
