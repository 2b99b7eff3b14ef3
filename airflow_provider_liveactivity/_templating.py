"""
Treat only text in the DAG file as a template, and all other text as data.

Airflow renders the template fields of a task with Jinja, and reads a text that ends in ``.sql`` from a file.
It exempts the result of an ``XComArg``, but not the arguments that a mapped task gets from
``expand_kwargs(query.output)``: a database cell such as ``{{ conn.braze_default.password }}`` would become
the API key. ``TemplateGuard`` exempts these values too.

The only private part of Airflow here is ``_do_render_template_fields``, which is overridden. The code that
reads a mapped operator is in ``_airflow_internals``. If a version of Airflow maps tasks differently, the task
fails before anything is sent.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Self

from airflow.providers.common.compat.sdk import AirflowFailException, BaseOperator

from airflow_provider_liveactivity._airflow_internals import (
    is_made_by_mapping,
    values_in_dag_file,
    values_of_other_tasks,
)
from airflow_provider_liveactivity._arguments import is_template, refuse_unknown

if TYPE_CHECKING:
    import jinja2
    from airflow.providers.common.compat.sdk import Context

    _Operator = BaseOperator
else:  # A mixin: a subclass of BaseOperator would hide the constructor of BaseSensorOperator.
    _Operator = object


@dataclass(frozen=True)
class _Arguments:
    """
    The objects among the arguments of a mapped operator, by ``id``, with containers and their contents.

    :param data: ids of the objects that come from other tasks; empty by default.
    :param dag_file: ids of the objects that are in the DAG file; empty by default.
    :param data_looks_like_template: whether Airflow would render a text among the data, or read it as a file;
        False by default.
    """

    data: Set[int] = frozenset()
    dag_file: Set[int] = frozenset()
    data_looks_like_template: bool = False


class TemplateGuard(_Operator):
    """Base of operators and sensors: values from other tasks are neither rendered nor read as files."""

    #: Template fields in which text may be a path. Only a path in the DAG file is opened.
    path_fields: ClassVar[Sequence[str]] = ()

    def __new__(cls, **kwargs: Any) -> Self:
        refuse_unknown(cls, kwargs)
        operator = super().__new__(cls)
        if is_made_by_mapping(kwargs):
            # A constructor may unpack its arguments. Here they are still the objects that Airflow passes.
            operator.__dict__["_mapped_arguments"] = kwargs
        return operator

    if not TYPE_CHECKING:  # type checkers keep Airflow's own signature

        @classmethod
        def partial(cls, **kwargs: Any) -> Any:
            """Refuse unknown arguments of a mapped task as of any other."""
            refuse_unknown(cls, kwargs)
            return super().partial(**kwargs)

    def render_template(
        self,
        content: Any,
        context: Context,
        jinja_env: jinja2.Environment | None = None,
        seen_oids: set[int] | None = None,
    ) -> Any:
        """
        Render a template of the DAG file; return data unchanged.

        :param content: value to render.
        :param context: context of the running task.
        :param jinja_env: Jinja environment; None, the default, for the environment of the DAG.
        :param seen_oids: ids of the objects that are rendered already.
        :raises AirflowFailException: if a text may be a template or data.
        """
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
                f"Nothing was sent: {type(self).__name__} builds text from its arguments, and one of its "
                "mapped values looks like a template, so the provider cannot distinguish values from "
                "templates. Pass values from other tasks directly to the operator's fields, and "
                "templates in partial()."
            )
        return super().render_template(content, context, jinja_env, seen_oids)

    @property
    def is_mapped_instance(self) -> bool:
        """Whether Airflow has created the operator for one index of a mapped task."""
        return "_mapped_arguments" in self.__dict__

    def after_rendering(self, context: Context) -> None:
        """Change rendered fields before Airflow stores and shows them; a hook for subclasses."""

    def _do_render_template_fields(
        self, parent: Any, template_fields: Iterable[str], context: Context, *args: Any, **kwargs: Any
    ) -> None:
        if parent is not self:  # a nested value with its own template fields
            super()._do_render_template_fields(parent, template_fields, context, *args, **kwargs)
            return
        given = {name: getattr(self, name) for name in self.path_fields if name in self.template_fields}
        super()._do_render_template_fields(parent, template_fields, context, *args, **kwargs)
        for name, value in given.items():
            rendered = getattr(self, name)
            if id(value) in self._arguments.data or rendered != value:
                setattr(self, name, _as_object(name, rendered))
        self.after_rendering(context)

    @cached_property
    def _arguments(self) -> _Arguments:
        passed = self.__dict__.get("_mapped_arguments")
        dag = self.get_dag()
        defined: Any = dag.task_dict.get(self.task_id) if dag is not None else None
        if passed is None and (defined is None or isinstance(defined, BaseOperator)):
            return _Arguments()  # not mapped: Airflow does not render the result of an XComArg
        try:
            data = _objects(values_of_other_tasks(passed, defined))
            dag_file = [*values_in_dag_file(defined), dag.default_args if dag else None]
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
    return is_template(text) or text.endswith(tuple(file_endings))


def _as_object(name: str, value: Any) -> Any:
    """
    Parse the value that a template or another task set for a path field; a path is an error.

    :param name: name of the field.
    :param value: rendered value of the field.
    :raises AirflowFailException: if the value is not an object or JSON text of one.
    """
    from airflow_provider_liveactivity.models.objects import to_object

    if value is None:
        return None
    try:
        return to_object(value)
    except ValueError as error:
        raise AirflowFailException(
            f"{name} {error}. A path must be plain text in the DAG file: a value from a template or another "
            "task is never read from a file."
        ) from None
