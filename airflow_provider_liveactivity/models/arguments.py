"""Types of the arguments that users pass, before they are parsed."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

#: A timedelta counts from the moment of sending. Text is ISO-8601 with an offset.
Moment = datetime | timedelta | str
#: A moment, or epoch seconds as a number or digits, as in MoEngage's documentation.
EpochMoment = Moment | int
#: Text is JSON.
Object = dict[str, Any] | str
#: Text is JSON or a path.
Schema = dict[str, Any] | str | Path
