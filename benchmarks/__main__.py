"""Run every benchmark: ``python -m benchmarks``."""

from __future__ import annotations

from benchmarks import import_cost

import_cost.main()
