"""Check the names of the arguments of a hook's methods, before anything is read or sent."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from airflow_provider_liveactivity.errors import InvalidPayload

Call = TypeVar("Call", bound=Callable[..., Any])


class InvalidArguments(InvalidPayload, TypeError):
    """A call has an unknown argument or lacks a required one; a retry cannot succeed."""


def checked_arguments(call: Call) -> Call:
    """
    Decorate a method so that it refuses unknown and missing arguments.

    :param call: a method that takes only keyword arguments, without ``**kwargs``.
    :raises InvalidArguments: if the decorated method is called with an unknown argument or without a required
        one. The message names the argument, and the closest argument that exists.
    """
    keywords = {
        name: parameter
        for name, parameter in inspect.signature(call).parameters.items()
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY
    }
    required = [name for name, parameter in keywords.items() if parameter.default is inspect.Parameter.empty]

    @functools.wraps(call)
    def checked(*args: Any, **kwargs: Any) -> Any:
        for name in kwargs:
            if name not in keywords:
                nearest = difflib.get_close_matches(name, keywords, n=1)
                advice = f"did you mean {nearest[0]}?" if nearest else f"it takes {', '.join(keywords)}."
                raise InvalidArguments(f"{checked.__name__} has no argument {name}; {advice}")
        if missing := [name for name in required if name not in kwargs]:
            raise InvalidArguments(f"{checked.__name__} needs {' and '.join(missing)}.")
        return call(*args, **kwargs)

    return cast("Call", checked)
