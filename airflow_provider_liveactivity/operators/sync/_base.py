"""Define what the sync operators of both vendors have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from airflow.providers.common.compat.sdk import AirflowSkipException

from airflow_provider_liveactivity.operators._redacted_fields import Redacted, RedactedFieldsMixin

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import jinja2
    from airflow.providers.common.compat.sdk import Context

    from airflow_provider_liveactivity.delivery.report import SendReport
    from airflow_provider_liveactivity.sync.report import SyncReport


class RedactedRows(Redacted):
    """Hold rows, of which Airflow shows only the number."""

    def serialize(self) -> str:
        """Return the text that Airflow shows instead."""
        return f"<{len(self.members):,} rows>" if isinstance(self.members, list | tuple) else "<rows>"


class SyncOperator(RedactedFieldsMixin):
    """
    Base of the sync operators.

    A retry, a clear and an overlapping run continue from the state table, so every attempt may be repeated.
    """

    template_ext: Sequence[str] = (".sql",)
    hidden_fields: ClassVar[dict[str, type[Redacted]]] = {"rows": RedactedRows}
    rows: Any
    state_table: str
    on_empty: str

    def _store(self, scope: dict[str, Any]) -> None:
        self.rows = scope.pop("rows")  # as they are: ``transform`` may take models
        super()._store(scope)

    def execute(self, context: Context) -> SendReport:
        report = cast("SyncReport", super().execute(context))
        sent = report["requests"] or report["expired"]
        if self.on_empty == "skip" and not (report["rows"] or sent):
            raise AirflowSkipException("The query returned no rows, and no end was due.")
        return cast("SendReport", report)

    def _send_with(self, method: Callable[..., SyncReport]) -> SendReport:
        report = method(**self._arguments_for(method, rows=self.rows))
        return cast("SendReport", report)  # the report of a sync has fields of its own

    def _log_report(self, report: SendReport) -> None:
        """Log nothing: the sync logs its counts, also after an error."""

    def render_template(
        self,
        content: Any,
        context: Context,
        jinja_env: jinja2.Environment | None = None,
        seen_oids: set[int] | None = None,
    ) -> Any:
        """
        Render a template of the DAG file; return rows unchanged, since they are data.

        :param content: value to render.
        :param context: context of the running task.
        :param jinja_env: Jinja environment; None, the default, for the environment of the DAG.
        :param seen_oids: ids of the objects that are rendered already.
        """
        if content is self.rows and not hasattr(content, "resolve"):
            return content
        return super().render_template(content, context, jinja_env, seen_oids)
