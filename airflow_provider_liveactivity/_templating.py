"""
Templates and data: only text that stands in the DAG file is a template.

Airflow renders a task's template fields with Jinja, and reads text that ends in ``.sql`` from a file. It
exempts what an ``XComArg`` brings, but not what a mapped task gets from ``expand_kwargs(query.output)``: a
database cell such as ``{{ conn.braze_default.password }}`` would become the API key. ``TemplateGuard``
exempts those values too.

All of this that is not Airflow's public API stands here:

- ``operator_class(**arguments, _airflow_from_mapped=True)``: how a mapped operator makes the one that runs;
- ``partial_kwargs``, ``expand_input`` and ``op_kwargs_expand_input`` of the mapped operator in the DAG;
- ``_do_render_template_fields``: after it, the fields are rendered.

Where Airflow maps tasks in another way, the task fails before anything is sent.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

from airflow.providers.common.compat.sdk import AirflowFailException, BaseOperator

if TYPE_CHECKING:
    import jinja2
    from airflow.providers.common.compat.sdk import Context

    _Operator = BaseOperator
else:  # A mixin: as a subclass of BaseOperator it would hide the constructor of BaseSensorOperator.
    _Operator = object

_JINJA = re.compile(r"\{[{%#]")
_MISSING = object()


@dataclass(frozen=True)
class _Arguments:
    """
    The objects among a mapped operator's arguments, by ``id``, containers and what they hold.

    :param data: came from other tasks.
    :param dag_file: stand in the DAG file.
    :param data_looks_like_template: whether Airflow would render a text among the data, or read it as a file.
    """

    data: Set[int] = frozenset()
    dag_file: Set[int] = frozenset()
    data_looks_like_template: bool = False


class TemplateGuard(_Operator):
    """Base of operators and sensors: what came from another task is neither rendered nor read as a file."""

    #: Template fields in which text may be a path. Only one that stands in the DAG file is opened.
    path_fields: ClassVar[Sequence[str]] = ()

    def __new__(cls, **kwargs: Any) -> Self:
        operator = super().__new__(cls)
        if kwargs.get("_airflow_from_mapped"):
            # Constructors may take the arguments apart. Here they are still the objects that Airflow passes.
            operator.__dict__["_mapped_arguments"] = kwargs
        return operator

    def render_template(
        self,
        content: Any,
        context: Context,
        jinja_env: jinja2.Environment | None = None,
        seen_oids: set[int] | None = None,
    ) -> Any:
        """Render a template of the DAG file; return data as it is."""
        arguments = self._arguments
        if id(content) in arguments.data:
            return content
        if seen_oids and id(content) in arguments.dag_file and hasattr(content, "resolve"):
            # Airflow would leave the XComArg of expand_kwargs([{"content_state": task.output}]) unresolved.
            seen_oids = seen_oids - {id(content)}
        if (
            arguments.data_looks_like_template
            and isinstance(content, str)
            and id(content) not in arguments.dag_file
            and _looks_like_template(content, self.template_ext)
        ):
            raise AirflowFailException(
                f"Nothing was sent: {type(self).__name__} makes text of its arguments that may be a "
                "template, and one of its mapped values looks like a template too, so that they cannot be "
                "told apart. Pass values of other tasks to the operator's fields as they are, and templates "
                "in partial()."
            )
        return super().render_template(content, context, jinja_env, seen_oids)

    def after_rendering(self) -> None:
        """Do what has to be done before Airflow stores and shows the rendered fields."""

    def _do_render_template_fields(self, parent: Any, *args: Any, **kwargs: Any) -> None:
        if parent is not self:  # a value with template fields of its own
            super()._do_render_template_fields(parent, *args, **kwargs)
            return
        given = {name: getattr(self, name) for name in self.path_fields if name in self.template_fields}
        super()._do_render_template_fields(parent, *args, **kwargs)
        for name, value in given.items():
            rendered = getattr(self, name)
            if id(value) in self._arguments.data or rendered != value:
                setattr(self, name, _as_object(name, rendered))
        self.after_rendering()

    @cached_property
    def _arguments(self) -> _Arguments:
        passed = self.__dict__.get("_mapped_arguments")
        dag = self.get_dag()
        defined: Any = dag.task_dict.get(self.task_id) if dag is not None else None
        if passed is None and (defined is None or isinstance(defined, BaseOperator)):
            return _Arguments()  # not mapped: Airflow leaves alone what an XComArg brings
        try:
            data = _objects(_mapped_data(passed, defined))
            dag_file = [
                defined.partial_kwargs,
                getattr(defined, "op_kwargs_expand_input", defined.expand_input).value,
                dag.default_args if dag else None,
                getattr(defined.task_group, "default_args", None),
            ]
        except (AttributeError, KeyError, TypeError):
            raise AirflowFailException(
                "Nothing was sent: this version of Airflow maps tasks in a way that this version of "
                "airflow-provider-liveactivity does not know, so that it cannot tell templates from data. "
                "Install a newer one, or use the task without mapping."
            ) from None
        return _Arguments(
            data=data.keys(),
            dag_file=_objects(dag_file).keys(),
            data_looks_like_template=any(
                isinstance(value, str) and _looks_like_template(value, self.template_ext)
                for value in data.values()
            ),
        )


def _mapped_data(passed: Any, defined: Any) -> list[Any]:
    """
    Return those arguments of a mapped task that came from other tasks.

    :param passed: what the operator's constructor got.
    :param defined: the mapped operator in the DAG.
    """
    kind, partial = type(defined).__name__, defined.partial_kwargs
    if kind == "MappedOperator":
        expanded = defined.expand_input.value
    elif kind == "DecoratedMappedOperator":  # only the arguments of the function are mapped
        passed, partial = passed["op_kwargs"], partial["op_kwargs"]
        expanded = defined.op_kwargs_expand_input.value
    else:
        raise TypeError(kind)
    return [
        value
        for name, value in passed.items()
        if partial.get(name, _MISSING) is not value and not _is_literal(name, value, expanded)
    ]


def _is_literal(name: str, value: Any, expanded: Any) -> bool:
    """
    Return whether a mapped argument stands in the DAG file.

    :param name: name of the argument.
    :param value: value that the constructor got.
    :param expanded: what was given to ``expand``, as a dict, or to ``expand_kwargs``.
    """
    if isinstance(expanded, Mapping):  # an XComArg, or an argument of a mapped task group, has a resolve()
        return name in expanded and not hasattr(expanded[name], "resolve")
    if not isinstance(expanded, Sequence):
        return False
    return any(isinstance(row, Mapping) and row.get(name, _MISSING) is value for row in expanded)


def _objects(values: Iterable[Any]) -> dict[int, Any]:
    """Return the values and everything in the containers among them, by ``id``."""
    found: dict[int, Any] = {}
    rest = list(values)
    while rest:
        value = rest.pop()
        if id(value) in found:
            continue
        found[id(value)] = value
        if isinstance(value, dict):
            rest.extend(value)
            rest.extend(value.values())
        elif isinstance(value, list | tuple | set | frozenset):
            rest.extend(value)
    return found


def _looks_like_template(text: str, file_endings: Sequence[str]) -> bool:
    return bool(_JINJA.search(text)) or text.endswith(tuple(file_endings))


def _as_object(name: str, value: Any) -> Any:
    """Return what a template or another task gives where a path may stand, as the object that it must be."""
    from airflow_provider_liveactivity.models.common import parse_object

    if value is None:
        return None
    try:
        return parse_object(value)
    except ValueError as error:
        raise AirflowFailException(
            f"{name} {error}. A path must stand in the DAG file as it is: what a template or another task "
            "gives is never read from a file."
        ) from None
