"""Check the names of a hook method's arguments before anything is read or sent, and pick from them."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

from airflow_provider_liveactivity.errors import InvalidPayload

Call = TypeVar("Call", bound=Callable[..., Any])


class InvalidArguments(InvalidPayload, TypeError):
    """A call has an unknown argument or lacks a required one; a retry cannot succeed."""


def checked_arguments(shared: Any = None) -> Callable[[Call], Call]:
    """
    Decorate a method so that it refuses unknown and missing arguments, and shows each argument to ``help``.

    The method takes only keyword arguments.

    :param shared: TypedDict of the method's ``**arguments``; None, the default, if it has none.
    :raises InvalidArguments: if the decorated method is called with an unknown argument or without a required
        one. The message names the argument, and the closest argument that exists.
    """

    def decorate(call: Call) -> Call:
        signature = _expanded(inspect.signature(call), shared)
        keywords = [name for name in signature.parameters if name != "self"]
        required = [
            name for name in keywords if signature.parameters[name].default is inspect.Parameter.empty
        ]

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

        checked.__signature__ = signature  # type: ignore[attr-defined]
        return cast("Call", checked)

    return decorate


def pick(arguments: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """
    Return some of a call's arguments.

    :param arguments: arguments of the call.
    :param names: their names; a name that the call does not have is left out.
    """
    return {name: arguments[name] for name in names if name in arguments}


def _expanded(signature: inspect.Signature, shared: Any) -> inspect.Signature:
    """Return a signature with the keys of a TypedDict in place of ``**arguments``."""
    own = [one for one in signature.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
    types: dict[str, Any] = shared.__annotations__ if shared is not None else {}
    keys = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=..., annotation=_text(kind))
        for name, kind in types.items()
    ]
    return signature.replace(parameters=[*own, *keys])


def _text(annotation: Any) -> str:
    return str(getattr(annotation, "__forward_arg__", annotation))
