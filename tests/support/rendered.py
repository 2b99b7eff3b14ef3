"""Operators whose templates have been rendered, so that a wrong value shows when the task runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

Operator = TypeVar("Operator")


def rendered(make: Callable[..., Operator], values: dict[str, Any], **arguments: Any) -> Operator:
    """
    Make an operator with a template for each of the values, and set what the templates render.

    :param make: function that makes the operator.
    :param values: rendered value of each template field.
    :param arguments: further arguments of the operator.
    """
    operator = make(**dict.fromkeys(values, "{{ params.value }}"), **arguments)
    for name, value in values.items():
        setattr(operator, name, value)
    return operator
