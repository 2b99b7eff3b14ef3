"""
Find mistakes in the arguments of a DAG file while Airflow parses it, so that Airflow shows an import error.

Only literals are checked: a template and the output of another task have no value yet.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import inspect
import math
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_liveactivity._blank import blank_to_none
from airflow_provider_liveactivity.errors import InvalidPayload

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from airflow.providers.common.compat.sdk import Context

_PACKAGE = __name__.partition(".")[0]
_JINJA = re.compile(r"\{[{%#]")
#: Arguments with a fixed set of values.
CHOICES = {
    "on_unknown": ("skip", "resend", "fail"),
    "on_empty_audience": ("fail", "skip"),
    "on_past_end_time": ("fail", "skip", "send"),
    "on_lifetime_exceeded": ("fail", "warn"),
    "on_too_slow": ("fail", "warn"),
    "on_rate_limit": ("wait", "coalesce", "fail"),
    "on_missing": ("keep", "end"),
    "on_bad_row": ("skip", "fail"),
    "on_empty": ("skip", "fail"),
    "on_failure": ("end_now", "end_on_time"),
    "verb": ("update", "end"),
}
#: What ``locals()`` of a constructor contains beside its own arguments.
_NOT_OWN = {"self", "kwargs", "options", "context", "__class__"}
#: Arguments in which blank text means that none is given.
_MAY_BE_BLANK = {"end_time", "end_time_sql", "sql"}
_MOMENTS = ("stale_date", "dismissal_date", "end_time", "until")
_FLAGS = ("validate_only", "all_users", "allow_end_all", "end_on_kill", "end_required", "silent_updates")


def is_template(value: Any) -> bool:
    """Return whether a value is text that Jinja renders."""
    return isinstance(value, str) and bool(_JINJA.search(value))


def end_of_run(end_time: Any, context: Context) -> Any:
    """
    Return an end that is a duration as ISO-8601 text of the moment; return any other end as given.

    The duration counts from ``run_after`` of the DAG run, which is the same for all tasks of the run, and
    stays the same over retries and clears.

    :param end_time: ``end_time`` of an operator or a sensor, after rendering.
    :param context: context of the running task.
    :raises InvalidPayload: if the end looks like a duration and is none.
    """
    from airflow_provider_liveactivity.models.moments import is_duration, to_moment

    if not is_duration(end_time):
        return end_time
    try:
        return to_moment(end_time, now=context["dag_run"].run_after).isoformat()
    except ValueError as error:
        raise InvalidPayload(f"end_time {error}.") from None


def is_literal(value: Any) -> bool:
    """Return whether a value is in the DAG file: neither a template nor the output of another task."""
    return not is_template(value) and not hasattr(value, "resolve")  # XComArgs have resolve()


def refuse_unknown(kind: type, given: Iterable[str], *further: type) -> None:
    """
    Refuse arguments that a class of this package does not have, and name the closest one that it has.

    A subclass outside this package with an ``__init__`` of its own may take further arguments out of
    ``**kwargs``: only Airflow checks those.

    :param kind: the class.
    :param given: names of the arguments for its constructor.
    :param further: classes to whose constructors it passes further arguments on.
    :raises TypeError: if the class does not have one of the arguments.
    """
    known = parameters_of(kind).union(*map(parameters_of, further))
    for name in given:
        if parameters_of(kind) and name not in known and not name.startswith("_"):
            nearest = difflib.get_close_matches(name, sorted(known), n=1)
            advice = f" Did you mean {nearest[0]!r}?" if nearest else ""
            raise TypeError(f"{kind.__name__} has no argument {name!r}.{advice}")


@functools.cache
def parameters_of(kind: type) -> frozenset[str]:
    """
    Return the names of all arguments of a class and its bases; none if they cannot be known.

    :param kind: the class.
    """
    constructors = [base.__dict__["__init__"] for base in kind.__mro__ if "__init__" in base.__dict__]
    if not constructors[0].__module__.startswith(_PACKAGE):
        return frozenset()
    return frozenset(
        name
        for constructor in constructors
        if constructor is not object.__init__
        for name, parameter in inspect.signature(constructor).parameters.items()
        if parameter.kind is not inspect.Parameter.VAR_KEYWORD
    )


def own_arguments(scope: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the arguments that a constructor names itself.

    :param scope: ``locals()`` of the constructor, before it has other variables.
    """
    return {name: value for name, value in scope.items() if name not in _NOT_OWN}


def as_json(value: Any) -> Any:
    """
    Return pydantic models and dataclass instances as dicts, which Airflow can render, store and show.

    :param value: value of an argument; models and instances may also be inside dicts and lists.
    :raises ValueError: if JSON cannot represent a model or instance.
    """
    if isinstance(value, dict):
        items = {name: as_json(item) for name, item in value.items()}
        return items if any(items[name] is not item for name, item in value.items()) else value
    if isinstance(value, list):
        listed = [as_json(item) for item in value]
        return listed if any(new is not old for new, old in zip(listed, value, strict=True)) else value
    is_instance = dataclasses.is_dataclass(value) and not isinstance(value, type)
    if not is_instance and not hasattr(value, "model_dump"):
        return value
    from airflow_provider_liveactivity.models.objects import to_object

    return to_object(value)


def check_literals(arguments: Mapping[str, Any]) -> None:
    """
    Check the literals among the arguments of an operator, a sensor, a lifecycle or a notifier.

    :param arguments: arguments by name.
    :raises InvalidPayload: if one of the literals is wrong. The message names the argument.
    """
    for name, value in arguments.items():
        if value is None or not is_literal(value):
            continue
        if name in PARSERS:
            parse(name, value)
        elif name in _MOMENTS:
            _check_moment(name, value, arguments)


def check_one_of(arguments: Mapping[str, Any], *groups: tuple[str, ...], what: str) -> None:
    """
    Check that exactly one of several arguments is given, as far as their literal values show.

    :param arguments: arguments by name.
    :param groups: the alternatives; the arguments of one alternative may be given together.
    :param what: what the arguments give, such as "audience", for the error.
    :raises InvalidPayload: if none is given, or two literals are given. The message names them.
    """
    given = [
        name
        for group in groups
        if (name := next((name for name in group if not _is_missing(arguments.get(name))), None))
    ]
    certain = [name for name in given if is_literal(arguments[name])]
    if given and len(certain) < 2:
        return
    *names, last = (" and/or ".join(group) for group in groups)
    found = f"{' and '.join(certain)} are given" if certain else "none is given"
    raise InvalidPayload(f"exactly one {what} is needed: {', '.join(names)} or {last}; {found}.")


def _is_missing(value: Any) -> bool:
    return value is False or blank_to_none(value) is None


def parse(name: str, value: Any) -> Any:
    """
    Return the value of an argument that a template may have rendered as text.

    :param name: name of the argument, a key of ``PARSERS``.
    :param value: value of the argument.
    :raises InvalidPayload: if the value is wrong. The message names the argument.
    """
    try:
        return PARSERS[name](value)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidPayload(f"{name} {error}.") from None


def parse_arguments(owner: Any) -> None:
    """
    Replace the rendered text of numbers, switches and durations by their values, and a blank end by None.

    :param owner: object with the arguments as attributes.
    :raises InvalidPayload: if a value is wrong. The message names the argument.
    """
    given = vars(owner)
    for name in PARSERS.keys() & given.keys():
        setattr(owner, name, parse(name, given[name]))
    for name in _MAY_BE_BLANK & given.keys():
        setattr(owner, name, blank_to_none(given[name]))


def _choice(name: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in CHOICES[name]:
            *others, last = (repr(choice) for choice in CHOICES[name])
            raise ValueError(f"must be {', '.join(others)} or {last}, not {value!r}")
        return str(value)

    return check


def _flag(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in ("true", "false"):
        return value.strip().lower() == "true"
    raise ValueError(f'must be True or False, or the text "true" or "false", not {value!r}')


def _whole(value: Any) -> int | None:
    if value is None or type(value) is int:
        return value
    if isinstance(value, str) and re.fullmatch(r"\s*[0-9]+\s*", value):
        return int(value)
    raise ValueError(f"must be a whole number, such as 10000, not {value!r}")


def _number(value: Any) -> float | None:
    if value is None or (isinstance(value, int | float) and not isinstance(value, bool)):
        return value
    try:
        if isinstance(value, str) and math.isfinite(number := float(value)):
            return number
    except ValueError:
        pass
    raise ValueError(f"must be a number, not {value!r}")


def _duration(value: Any) -> timedelta:
    from airflow_provider_liveactivity.models.moments import to_duration

    return to_duration(value)


def _or_none(parser: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda value: None if blank_to_none(value) is None else parser(value)


#: Arguments that a template may render as text, each with its parser.
PARSERS: dict[str, Callable[[Any], Any]] = {
    **{name: _choice(name) for name in CHOICES},
    **dict.fromkeys(_FLAGS, _flag),
    **dict.fromkeys(("max_audience", "max_workers"), _whole),
    "quota_reserve": _number,
    "max_requests_per_second": _or_none(_number),
    **dict.fromkeys(("lead_time", "grace_period"), _duration),
    **dict.fromkeys(("recheck_interval", "min_update_interval", "poll_interval"), _or_none(_duration)),
}


def _check_moment(name: str, value: Any, arguments: Mapping[str, Any]) -> None:
    """Refuse text that is not a moment, and a moment without an offset; the send checks all other rules."""
    if blank_to_none(value) is None or (isinstance(value, str) and value.strip().isdigit()):
        return  # MoEngage also takes epoch seconds
    has_zone = name == "end_time" and bool(arguments.get("end_timezone"))
    if has_zone or not isinstance(value, str | datetime | timedelta):
        return
    from airflow_provider_liveactivity.models.moments import to_moment

    try:
        to_moment(value)
    except ValueError as error:
        can_have_zone = name == "end_time" and "end_timezone" in arguments and "offset" in str(error)
        advice = ", or set end_timezone to its time zone" if can_have_zone else ""
        raise InvalidPayload(f"{name} {error}{advice}.") from None
