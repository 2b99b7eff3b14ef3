"""The arguments of a hook's calls, checked by name before anything is read or sent."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar, cast

from airflow_provider_liveactivity.errors import InvalidPayload

Call = TypeVar("Call", bound=Callable[..., Any])


class InvalidArguments(InvalidPayload, TypeError):
    """A call has an argument that does not exist, or lacks one that it needs; a retry cannot mend that."""


def checked_arguments(call: Call) -> Call:
    """
    Refuse unknown and missing arguments of a call by its signature.

    :param call: a method whose arguments are all keyword arguments with names of their own.
    :raises InvalidArguments: naming the argument, and the nearest one that exists.
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
