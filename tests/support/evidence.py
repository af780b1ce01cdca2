"""What health checks look at, from a made-up sweep."""

from __future__ import annotations

from typing import Any

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.judge import judge
from mtl_search.analysis.references import main_metrics
from tests.support.recorded_sweeps import Builder, config


def evidence_of(builder: Builder, **overrides: Any) -> Evidence:
    """The evidence of a sweep under the made-up config, with changes to it."""
    settings = config(tasks=builder.tasks, **overrides)
    record = builder.sweep_record
    folder = builder.path.parent
    verdict = judge(record, settings, folder)
    return Evidence(record, settings, verdict, main_metrics(record, settings), folder)
