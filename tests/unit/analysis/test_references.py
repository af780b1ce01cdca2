"""What trials are measured by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mtl_search.analysis.references import (
    journal_metrics,
    main_metrics,
    reference_trial,
    validation_reference,
)
from tests.support.recorded_sweeps import Builder, config


def test_the_reference_is_the_best_epoch_of_the_best_trial(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    record = builder.sweep_record
    assert reference_trial(record, "left") is None
    for number, values in enumerate([(0.2, 0.6, 0.4), (0.6, 0.1), (0.9,)]):
        trial = builder.begin("single/left", number)
        for epoch, value in enumerate(values, start=1):
            builder.epoch(trial, epoch, value, {"left": value})
        builder.end(trial, "FAIL" if number == 2 else "COMPLETE")
    best = reference_trial(record, "left")
    assert best is not None
    assert best.id == "single-left-0000"  # the first of equals; a failure is none
    tasks = {"left": ("accuracy", "f1"), "right": ("accuracy",)}
    assert validation_reference(record, tasks) == {"val/left/accuracy": 0.6}


def test_metrics_left_to_the_head_are_those_of_the_journal(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    trial = builder.begin("search", 0)
    extra = {"val/left/loss": 1.0, "val/left/mine:Metric": 0.5, "val/leftover/f1": 0.1}
    builder.epoch(trial, 1, 0.5, {"left": 0.5}, **extra)
    record = builder.sweep_record
    assert journal_metrics(record, "left") == ("accuracy", "mine:Metric")
    changes: dict[str, Any] = {"tasks.left.metrics": [], "tasks.same.role": "auxiliary"}
    without = config(**changes)
    assert main_metrics(record, without) == {
        "left": ("accuracy", "mine:Metric"),
        "right": ("accuracy",),
    }
