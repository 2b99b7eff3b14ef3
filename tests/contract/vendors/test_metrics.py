"""Metrics and spans of sends, through Airflow's own statsd client and tracer."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from airflow_provider_liveactivity.errors import AuthenticationFailed
from airflow_provider_liveactivity.operators.sync import BrazeSyncLiveActivitiesOperator
from airflow_provider_liveactivity.sandbox import RunningSandbox
from tests.support.airflow_versions import needs_observability
from tests.support.statsd import Metric, Statsd, statsd_of_airflow
from tests.support.task_context import context
from tests.support.vendor_adapters import ATTRIBUTES, BRAZE, USERS, Adapter

DOCS = Path(__file__).parents[3] / "docs"


@pytest.fixture
def statsd(monkeypatch: pytest.MonkeyPatch) -> Iterator[Statsd]:
    with statsd_of_airflow(monkeypatch) as server:
        yield server


def named(metrics: list[Metric], name: str) -> dict[tuple[str, ...], float]:
    """Return the sums of a metric by the values of its tags, in the order of their names."""
    sums: dict[tuple[str, ...], float] = defaultdict(float)
    for metric in metrics:
        if metric.name == f"airflow.liveactivity.{name}":
            sums[tuple(metric.tags[tag] for tag in sorted(metric.tags))] += metric.value
    return dict(sums)


def sync(**changes: Any) -> Any:
    return BrazeSyncLiveActivitiesOperator(
        task_id="sync",
        state_conn_id="warehouse",
        activity_attributes_type="Delivery",
        notification={"alert": {"title": "Your order", "body": "It is on its way"}},
        **changes,
    ).execute(context())


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = {"conn_type": "sqlite", "host": str(tmp_path / "warehouse.sqlite")}
    monkeypatch.setenv("AIRFLOW_CONN_WAREHOUSE", json.dumps(database))


@needs_observability
def test_a_send_emits_its_requests_recipients_times_and_quota(
    adapter: Adapter, sandbox: RunningSandbox, statsd: Statsd
) -> None:
    adapter.operator("start").execute(context())
    adapter.operator("update").execute(context())
    metrics, vendor = statsd.received(), adapter.vendor
    people = len(USERS) if adapter is BRAZE else 1  # a broadcast's audience is the vendor's
    assert named(metrics, "requests") == {
        ("accepted", vendor, "start"): 1,
        ("accepted", vendor, "update"): 1,
    }
    assert named(metrics, "recipients") == {
        ("accepted", vendor, "start"): people,
        ("accepted", vendor, "update"): 1,
    }
    times = named(metrics, "request_time")
    assert times.keys() == {(vendor, "start"), (vendor, "update")}
    assert all(0 < milliseconds < 30_000 for milliseconds in times.values())
    assert named(metrics, "quota_left").keys() == {(vendor,)}
    kinds = {metric.name.rpartition(".")[2]: metric.kind for metric in metrics}
    assert kinds == {"requests": "c", "recipients": "c", "request_time": "ms", "quota_left": "g"}


@needs_observability
@pytest.mark.parametrize(
    ("fault", "outcomes", "unknown"),
    [("502", {"retried": 1, "accepted": 1}, 0), ("503_after", {"unknown": 1}, len(USERS))],
)
def test_the_outcome_of_a_request_is_a_tag(
    fault: str, outcomes: dict[str, int], unknown: int, sandbox: RunningSandbox, statsd: Statsd
) -> None:
    sandbox.sandbox.add_fault(fault)
    BRAZE.operator("start").execute(context())
    metrics = statsd.received()
    assert named(metrics, "requests") == {(name, "braze", "start"): n for name, n in outcomes.items()}
    assert named(metrics, "recipients").get(("unknown", "braze", "start"), 0) == unknown


@needs_observability
def test_recipients_are_emitted_once_though_a_send_has_several_attempts(
    sandbox: RunningSandbox, statsd: Statsd
) -> None:
    task = context()
    sandbox.sandbox.add_fault("503_after")
    BRAZE.operator("start").execute(task)
    assert named(statsd.received(), "recipients") == {("unknown", "braze", "start"): 2}
    BRAZE.operator("start").execute(task)
    assert named(statsd.received(), "recipients") == {}


@needs_observability
@pytest.mark.parametrize("seconds", [-3, 0.3])
def test_an_end_emits_how_late_it_left(
    seconds: float, adapter: Adapter, sandbox: RunningSandbox, statsd: Statsd
) -> None:
    adapter.operator("start").execute(context())
    statsd.received()
    due = datetime.now(UTC) + timedelta(seconds=seconds)
    adapter.operator("end", end_time=due).execute(context())
    ((tags, milliseconds),) = named(statsd.received(), "end_lateness").items()
    assert tags == (adapter.vendor,)
    assert max(-seconds, 0) * 1000 <= milliseconds < 30_000


@needs_observability
def test_a_sync_emits_its_requests_by_verb(sandbox: RunningSandbox, statsd: Statsd, warehouse: None) -> None:
    rows = [
        {
            "activity_id": f"order-{n}",
            "external_user_id": user,
            "activity_attributes": {"order": n},
            "content_state": {"status": "packed"},
        }
        for n, user in enumerate(USERS)
    ]
    sync(rows=rows)
    metrics = statsd.received()
    assert named(metrics, "requests") == {("accepted", "braze", "start"): 2}
    assert named(metrics, "recipients") == {("accepted", "braze", "sync"): 2}


@needs_observability
def test_no_metric_contains_an_id_or_a_key(adapter: Adapter, sandbox: RunningSandbox, statsd: Statsd) -> None:
    adapter.operator("start").execute(context())
    text = repr(statsd.received())
    assert "liveactivity" in text
    assert not any(secret in text for secret in (*USERS, "match-1", adapter.key, *ATTRIBUTES.values()))


@needs_observability
def test_a_dry_run_emits_nothing(adapter: Adapter, sandbox: RunningSandbox, statsd: Statsd) -> None:
    adapter.operator("start", validate_only=True).execute(context())
    assert not [metric for metric in statsd.received() if "liveactivity" in metric.name]


@needs_observability
def test_the_dashboard_and_its_page_show_each_metric_that_is_emitted_and_no_other(
    sandbox: RunningSandbox, statsd: Statsd
) -> None:
    BRAZE.operator("start").execute(context())
    BRAZE.operator("end", end_time=datetime.now(UTC)).execute(context())
    emitted = {metric.name for metric in statsd.received() if "liveactivity" in metric.name}
    dashboard = json.loads((DOCS / "grafana-dashboard.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    shown = set(re.findall(r"airflow_liveactivity_[a-z_]+", " ".join(queries)))
    assert {re.sub(r"_(sum|count)$", "", name) for name in shown} == {
        name.replace(".", "_") for name in emitted
    }
    page = (DOCS / "metrics.md").read_text()
    assert set(re.findall(r"^\| `(liveactivity\.[a-z_]+)`", page, re.MULTILINE)) == {
        name.removeprefix("airflow.") for name in emitted
    }


@needs_observability
def test_a_send_has_a_span_below_the_span_of_its_task(
    sandbox: RunningSandbox, monkeypatch: pytest.MonkeyPatch
) -> None:
    from airflow.sdk import observability
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(observability.trace, "get_tracer", provider.get_tracer)
    with provider.get_tracer("airflow").start_as_current_span("worker.start_it") as task:
        BRAZE.operator("start").execute(context())
        monkeypatch.setenv("AIRFLOW_CONN_BRAZE_DEFAULT", BRAZE.connection(sandbox.url, password="wrong"))
        with pytest.raises(AuthenticationFailed):
            BRAZE.operator("update").execute(context())
    start, update, _ = exporter.get_finished_spans()
    for span in (start, update):
        assert span.parent is not None
        assert span.parent.span_id == task.get_span_context().span_id
        assert not span.events  # an error's text stays in the log
    assert (start.name, dict(start.attributes or {})) == (
        "liveactivity.start",
        {
            "liveactivity.vendor": "braze",
            "liveactivity.accepted": 2,
            "liveactivity.rejected": 0,
            "liveactivity.unknown": 0,
        },
    )
    assert start.status.is_ok
    assert (update.name, update.status.description) == ("liveactivity.update", "AuthenticationFailed")


@needs_observability
def test_an_airflow_without_the_interface_gets_no_metrics(
    adapter: Adapter, sandbox: RunningSandbox, statsd: Statsd, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("airflow_provider_liveactivity.hooks._metrics.AIRFLOW_V_3_3_PLUS", False)
    assert adapter.operator("start").execute(context())["accepted"]
    assert statsd.received() == []
