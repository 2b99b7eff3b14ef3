"""``make route`` shows a newcomer the way of a start: it must be the whole way, and the same on each run."""

from __future__ import annotations

from pathlib import Path

import pytest

from airflow_provider_liveactivity.sandbox import running_sandbox
from benchmarks import route
from tests.support.airflow_versions import needs_state_store


@needs_state_store
def test_the_route_leads_from_the_operator_to_the_first_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with running_sandbox() as sandbox:
        for name, value in route.environment(str(tmp_path), sandbox.url).items():
            monkeypatch.setenv(name, value)
        first, second = route.record(), route.record()
    assert first == second
    main = [step for step in first if step.thread == "MainThread"]
    assert main[0].functions[0].endswith(".execute")
    assert main[-1].file == "delivery/worker_pool.py"
    assert (first[-1].file, first[-1].functions[-1]) == ("http/h11_transport.py", "_Connection._encode")
    rooms = {step.file.partition("/")[0] for step in first} - {"_arguments.py", "_blank.py"}
    assert rooms == {"operators", "hooks", "audience", "models", "vendors", "delivery", "http"}

    route.show(first)
    shown = capsys.readouterr().out
    assert f"{len({step.file for step in first})} files, {len(first) - 1} changes of file" in shown
