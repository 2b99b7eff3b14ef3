"""Parse one row of the query: an activity as it should be now."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from airflow_provider_liveactivity.errors import InvalidPayload
from airflow_provider_liveactivity.models.end_time import end_moment
from airflow_provider_liveactivity.sync.fields import BadRow, flag_field, text_field

#: Also the length of the column in the state table. Braze's SDK takes no longer id; MoEngage names no limit.
MAX_ACTIVITY_ID_BYTES = 256
_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
Parser = Callable[[str, Any], Any]


def key_of(activity_id: str) -> str:
    """
    Return the key of an activity: 32 hexadecimal digits, which every database compares and sorts alike.

    :param activity_id: the vendor's id of the activity, in any script and case.
    """
    return hashlib.sha256(activity_id.encode()).hexdigest()[:32]


def canonical(value: Any) -> str:
    """
    Return a value as JSON text that is the same for equal values.

    :param value: any JSON value.
    """
    return _ENCODER.encode(value)


def text_hash(text: str) -> str:
    """
    Return the hash of a text: 32 hexadecimal digits.

    :param text: any text.
    """
    return hashlib.sha256(text.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Row:
    """
    One activity as it should be now.

    :param number: number of the row in the query, from 1.
    :param key: key of the activity.
    :param fields: fields of the vendor as canonical JSON text; None if the row is bad and not to be sent.
    :param state_hash: hash of what an update sends.
    :param kept: fields that the end of the activity needs if its row is missing, as canonical JSON text.
    :param due: when the activity must end; None if the row does not say.
    :param ended: whether the activity ends now.
    """

    number: int
    key: str
    fields: str | None = field(default=None, repr=False)
    state_hash: str = ""
    kept: str = field(default="{}", repr=False)
    due: datetime | None = None
    ended: bool = False

    @property
    def row_hash(self) -> str:
        """Hash of all fields."""
        return text_hash(self.fields or "")


@dataclass(frozen=True, slots=True)
class Columns:
    """
    The columns that a vendor's rows may have.

    :param parsers: parser of each field of the vendor, by column.
    :param state: fields that an update sends: a row changes when one of them changes.
    :param kept: fields that the end needs if the row is missing.
    """

    parsers: Mapping[str, Parser]
    state: tuple[str, ...]
    kept: tuple[str, ...]

    @property
    def names(self) -> list[str]:
        """Names of all columns."""
        return ["activity_id", *self.parsers, "end_time", "ended"]

    def check(self, names: Any) -> None:
        """
        Refuse unknown columns.

        :param names: names of the columns.
        :raises InvalidPayload: if a column is not known, or ``activity_id`` is missing.
        """
        known, given = self.names, [str(name) for name in names]
        if unknown := [name for name in given if name not in known]:
            raise InvalidPayload(
                f"the rows have unknown columns: {', '.join(sorted(unknown))}. "
                f"The columns are {', '.join(known)}."
            )
        if "activity_id" not in given:
            raise InvalidPayload("the rows have no column activity_id.")

    def parse(self, number: int, given: Mapping[str, Any]) -> Row:
        """
        Return the row.

        :param number: number of the row, from 1.
        :param given: values by column; None means that the field is not set.
        :raises BadRow: if a value is wrong. The message names the column and contains no value.
        """
        activity_id = text_field("activity_id", given["activity_id"])
        if activity_id is None:
            raise BadRow("activity_id is missing")
        key = key_of(activity_id)
        if (size := len(activity_id.encode())) > MAX_ACTIVITY_ID_BYTES:
            raise BadRow(f"activity_id has {size} bytes; the limit is {MAX_ACTIVITY_ID_BYTES}", key)
        ended = False
        try:
            ended = flag_field("ended", given.get("ended"))
            fields = {"activity_id": activity_id}
            for name, parse in self.parsers.items():
                if (value := given.get(name)) is not None and (parsed := parse(name, value)) is not None:
                    fields[name] = parsed
            due = end_moment(given.get("end_time"))
            text = canonical(fields)
        except InvalidPayload as error:
            raise BadRow(error.message.rstrip("."), key, ended=ended) from None
        except UnicodeEncodeError:
            reason = "contains half a character (a lone surrogate), which cannot be sent"
            raise BadRow(reason, key, ended=ended) from None
        state = canonical([fields.get(name) for name in self.state])
        kept = {name: fields[name] for name in self.kept if name in fields}
        return Row(number, key, text, text_hash(state), canonical(kept) if kept else "{}", due, ended)
