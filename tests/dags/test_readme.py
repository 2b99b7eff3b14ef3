"""The DAG in the README runs as it is printed."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace

from airflow.sdk.execution_time import macros

from demo.processes import ROOT

CODE = re.compile(r"```python\n(.*?)```", re.DOTALL)


def test_the_dag_of_the_readme_can_be_read_and_its_end_is_a_moment(tmp_path: Path) -> None:
    from airflow_provider_liveactivity.models.end_time import end_moment
    from tests.support.dag_bags import read_dags

    [code] = CODE.findall((ROOT / "README.md").read_text())
    (tmp_path / "match.py").write_text(code)
    bag = read_dags(tmp_path)
    assert bag.import_errors == {}

    end = bag.dags["match"].get_task("live.end_time")
    run = SimpleNamespace(run_after=datetime(2026, 7, 22, 18, 30, tzinfo=UTC))
    end.render_template_fields({"dag_run": run, "macros": macros, "run_id": "today"})
    assert end_moment(vars(end)["end_time"]) == datetime(2026, 7, 22, 20, 15, tzinfo=UTC)
