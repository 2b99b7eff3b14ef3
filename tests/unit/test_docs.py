"""README and docs: links lead somewhere, names exist, and figures are those of the code."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
import tomllib
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from airflow.sdk import BaseOperator

from airflow_provider_liveactivity import _stored_names, errors, lifecycle
from airflow_provider_liveactivity.audience.base import AudienceUnavailable
from airflow_provider_liveactivity.delivery import in_flight, rate_limit
from airflow_provider_liveactivity.get_provider_info import get_provider_info
from airflow_provider_liveactivity.hooks._arguments import InvalidArguments
from airflow_provider_liveactivity.http import retries
from airflow_provider_liveactivity.models import end_time as end_times
from airflow_provider_liveactivity.notifications.braze import BrazeLiveActivityNotifier
from airflow_provider_liveactivity.operators import _scheduled_end, braze, moengage, overdue
from airflow_provider_liveactivity.retry_policy import LiveActivityRetryPolicy
from airflow_provider_liveactivity.sensors import end_time

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "CONTRIBUTING.md", ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
README = (ROOT / "README.md").read_text()
PROJECT: Any = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
INFO: Any = get_provider_info()
PACKAGE = "airflow_provider_liveactivity"

each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def anchors(page: Path) -> set[str]:
    """Return the anchors that GitHub makes of the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def test_every_error_is_listed_with_whether_it_is_retried() -> None:
    rows = re.findall(r"^\| `(\w+)`.*\| ([\w `]+) \|$", (ROOT / "docs/sending.md").read_text(), re.MULTILINE)
    listed = {name: retried for name, retried in rows if retried in ("yes", "no", "as `stopped_by`")}
    kinds = [*vars(errors).values(), AudienceUnavailable, InvalidArguments]
    expected = {
        kind.__name__: "yes" if kind.retryable else "no"
        for kind in kinds
        if isinstance(kind, type) and issubclass(kind, errors.LiveActivityError)
    }
    assert listed == expected | {"PartiallySent": "as `stopped_by`"}


@each_page
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)\s]+)\)", page.read_text()):
        path, _, anchor = link.partition("#")
        target = (page.parent / path).resolve() if path else page
        assert target.exists(), link
        assert not anchor or anchor in anchors(target), link


@pytest.mark.parametrize("page", ["CONTRIBUTING.md", "tests/README.md"])
def test_every_file_and_command_that_a_page_for_contributors_names_exists(page: str) -> None:
    text = (ROOT / page).read_text()
    for path in re.findall(r"`([\w.]+/[\w./-]+)`", text):
        assert any((root / path).exists() for root in (ROOT, ROOT / "tests")), path
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(re.findall(r"`make ([\w-]+)", text)) <= set(targets)


def test_contributing_names_every_command() -> None:
    help_ = re.findall(r"^([a-z-]+):.*##", (ROOT / "Makefile").read_text(), re.MULTILINE)
    named = set(re.findall(r"`make ([\w-]+)", (ROOT / "CONTRIBUTING.md").read_text()))
    assert set(help_) - named == {"clean", "help"}


def test_the_readme_leads_to_every_page() -> None:
    linked = set(re.findall(r"\(docs/([\w-]+\.md)", README))
    assert linked == {page.name for page in (ROOT / "docs").glob("*.md")}


def test_the_readme_names_every_operator_sensor_and_notifier() -> None:
    modules = [
        module
        for group in ("operators", "sensors")
        for entry in INFO[group]
        for module in entry["python-modules"]
    ]
    classes = {
        name
        for module in map(importlib.import_module, modules)
        for name in getattr(module, "__all__", vars(module))
        if inspect.isclass(kind := getattr(module, name))
        and kind.__module__ in modules
        and kind.__name__.startswith(("Braze", "MoEngage", "EndOverdue", "LiveActivityEndTime"))
    }
    bases = {
        "BrazeLiveActivityOperator",
        "MoEngageBroadcastLiveActivityOperator",
        "MoEngageUserLiveActivityOperator",
    }
    notifiers = {path.rpartition(".")[2] for path in INFO["notifications"]}
    # The table writes `MoEngageStartLiveActivityOperator`, `…Update…`, `…End…`.
    shortened = {"MoEngageUpdateLiveActivityOperator", "MoEngageEndLiveActivityOperator"}
    assert [name for name in (classes | notifiers) - bases - shortened if name not in README] == []


def test_every_address_in_the_readme_exists() -> None:
    addresses = re.findall(
        r"`((?:operators|sensors|lifecycle|assets|notifications|hooks|sql_handlers)(?:\.\w+)+)`", README
    )
    assert len(addresses) > 12
    for address in addresses:
        module, _, name = address.rpartition(".")
        assert hasattr(importlib.import_module(f"{PACKAGE}.{module}"), name), address


def test_the_readme_names_every_dependency_and_the_versions() -> None:
    _, _, section = README.partition("## Dependencies")
    rows = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    names = {re.split(r"[>=~]", line)[0] for line in PROJECT["dependencies"]}
    described = set(re.findall(r"`([\w-]+)`", " ".join(rows)))
    assert described == names - {"apache-airflow"} | {"fastapi", "uvicorn"}
    for list_ in (ROOT / "tests" / "packaging").glob(
        "airflow-*.txt"
    ):  # "An Airflow 3 installation contains each"
        assert described <= {line.partition("==")[0] for line in list_.read_text().splitlines()}
    [oldest] = [
        line.partition(">=")[2] for line in PROJECT["dependencies"] if line.startswith("apache-airflow>=")
    ]
    assert f"It needs Airflow {oldest} or newer and Python 3.11, 3.12 or 3.13" in README
    versions = (ROOT / "docs" / "versions.md").read_text()
    assert f"Airflow {oldest} and newer, with Python 3.11, 3.12 and 3.13" in versions
    pythons = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if "Python :: 3." in line]
    assert pythons == ["3.11", "3.12", "3.13"]


@pytest.mark.parametrize("form", INFO["connection-types"], ids=lambda form: form["connection-type"])
def test_every_field_of_a_connection_is_described(form: dict[str, Any]) -> None:
    text = (ROOT / "docs" / "connections.md").read_text()
    assert [name for name in form["conn-fields"] if f"`{name}`" not in text] == []
    assert [name for name in ("proxy", "allow_any_host") if name not in text] == []


def test_the_docs_name_the_default_connections() -> None:
    assert "`braze_default` and `moengage_default`" in (ROOT / "docs" / "connections.md").read_text()
    assert (
        braze.BrazeEndLiveActivityOperator(task_id="t", activity_id="a", content_state={}).braze_conn_id
        == "braze_default"
    )
    created = moengage.MoEngageCreateBroadcastCampaignOperator(
        task_id="t", name="n", broadcast_live_activity_id="b", created_by="c", all_users=True
    )
    assert created.moengage_conn_id == "moengage_default"


KNOWN: dict[str, Any] = {
    **{
        name: kind
        for module in (braze, moengage, overdue, end_time, lifecycle)
        for name, kind in vars(module).items()
        if inspect.isclass(kind) and kind.__module__.startswith(PACKAGE)
    },
    "BrazeLiveActivityNotifier": BrazeLiveActivityNotifier,
    "LiveActivityRetryPolicy": LiveActivityRetryPolicy,
}


def arguments(kind: type[Any]) -> set[str]:
    """Return the names of the arguments that a class or one of its bases takes."""
    known = {name for base in kind.__mro__[:-1] for name in inspect.signature(base).parameters}
    if issubclass(kind, lifecycle.BrazeLiveActivity | lifecycle.MoEngageBroadcastLiveActivity):
        known |= arguments(kind.start_operator)
    return known | (
        set(inspect.signature(BaseOperator).parameters) if issubclass(kind, BaseOperator) else set()
    )


def calls(page: Path) -> Iterator[tuple[str, str]]:
    """Yield class and argument of every call of one of our classes in the Python of a page."""
    for code in re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL):
        for node in ast.walk(ast.parse(code.replace(", ...", ""))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KNOWN:
                yield from ((node.func.id, word.arg) for word in node.keywords if word.arg)


@each_page
def test_the_arguments_in_examples_exist(page: Path) -> None:
    assert [
        (name, argument) for name, argument in calls(page) if argument not in arguments(KNOWN[name])
    ] == []


def default(kind: Any, name: str) -> Any:
    for base in kind.__mro__:
        parameter = inspect.signature(base.__init__).parameters.get(name)
        if parameter is not None:
            return parameter.default
    raise AssertionError(f"{kind.__name__} has no argument {name}")


def seconds(value: timedelta | float) -> float:
    return value.total_seconds() if isinstance(value, timedelta) else value


END = braze.BrazeEndLiveActivityOperator
START = braze.BrazeStartLiveActivityOperator
USERS = moengage.MoEngageStartLiveActivityOperator
GROUP = lifecycle.BrazeLiveActivity
SENSOR = end_time.LiveActivityEndTimeSensor
LEAD_TIME = "until `lead_time` (20 seconds) before the moment"


@pytest.mark.parametrize(
    ("page", "promise", "actual", "figure"),
    [
        ("lifecycle", LEAD_TIME, seconds(default(END, "lead_time")), 20),
        ("lifecycle", LEAD_TIME, seconds(default(GROUP, "lead_time")), 20),
        ("lifecycle", "opens the connection two seconds before", rate_limit._CONNECT_AHEAD_SECONDS, 2),
        (
            "lifecycle",
            "reads this state three seconds before its moment",
            seconds(_scheduled_end._CLOSING),
            3,
        ),
        ("lifecycle", "less than 15 seconds never defers", seconds(end_times.TOO_SHORT_TO_DEFER), 15),
        ("lifecycle", "`recheck_interval` (15 minutes", seconds(default(SENSOR, "recheck_interval")), 900),
        ("lifecycle", "`recheck_interval` (15 minutes", seconds(default(GROUP, "recheck_interval")), 900),
        ("lifecycle", "after one minute at the latest", seconds(end_time._RETRY_INTERVAL), 60),
        ("lifecycle", "more than eight hours away", seconds(end_times.MAX_LIFETIME), 28_800),
        (
            "lifecycle",
            "two minutes (`grace_period`)",
            seconds(default(overdue.EndOverdueLiveActivitiesOperator, "grace_period")),
            120,
        ),
        ("lifecycle", "begins with `live_activity.on.`", _stored_names.RECORD_PREFIX, "live_activity.on."),
        ("lifecycle", "**`deferrable=True` by default.**", default(END, "deferrable"), True),
        ("lifecycle", "unless `end_on_kill=True`", default(END, "end_on_kill"), False),
        ("lifecycle", "Blank text means None", default(START, "end_time"), None),
        ("lifecycle", "is over fails before anything is sent", default(START, "on_past_end_time"), "fail"),
        ("lifecycle", "or with `end_required=True`", default(START, "end_required"), False),
        ("lifecycle", '`on_lifetime_exceeded="warn"` sends', default(START, "on_lifetime_exceeded"), "fail"),
        ("lifecycle", '`on_failure="end_on_time"`: at its time', default(GROUP, "on_failure"), "end_now"),
        ("lifecycle", "have three retries, ten seconds apart", default(GROUP, "end_retries"), 3),
        ("sending", '`on_unknown="skip"` (the default)', default(START, "on_unknown"), "skip"),
        ("sending", "`quota_reserve`, a tenth by default", default(START, "quota_reserve"), 0.1),
        ("sending", "128 connections at once (`max_workers`", default(START, "max_workers"), 128),
        ("sending", "64 for MoEngage's single users", default(USERS, "max_workers"), 64),
        ("sending", "up to 45 seconds in place", rate_limit.MAX_WAIT_SECONDS, 45),
        ("sending", "Attempts are bounded: six", retries.RetryConfig().attempts, 6),
        ("sending", "no more than two minutes of waiting", retries.RetryConfig().max_total_wait, 120),
        ("sending", "256 at most", in_flight.MAX_PENDING, 256),
        ("moengage", "up to 45 seconds in place, defers for longer", rate_limit.MAX_WAIT_SECONDS, 45),
        ("moengage", "at most 166 per second", default(USERS, "max_requests_per_second"), 166),
        (
            "moengage",
            '`"wait"` (default)',
            default(moengage.MoEngageUpdateBroadcastLiveActivityOperator, "on_rate_limit"),
            "wait",
        ),
        (
            "notifiers",
            '`verb`: `"update"` (default)',
            default(BrazeLiveActivityNotifier, "verb"),
            "update",
        ),
    ],
)
def test_a_figure_in_the_docs_is_the_code_s(page: str, promise: str, actual: Any, figure: Any) -> None:
    assert promise in (ROOT / "docs" / f"{page}.md").read_text()
    assert actual == figure
