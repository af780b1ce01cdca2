from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from mtl_search.analysis.views.tasks.affinity import affinity
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder

LEVEL = dict.fromkeys(("left", "right", "same"), 0.9)


def _trial(builder: Builder, number: int, *epochs: dict[str, float]) -> None:
    trial = builder.begin("equal", number)
    for epoch, values in enumerate(epochs, start=1):
        extra = {f"train/{key}": value for key, value in values.items()}
        builder.epoch(trial, epoch, 0.9, LEVEL, **extra)
    builder.end(trial)


def test_pairs_are_averaged_over_epochs_and_trials(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    assert affinity(evidence_of(builder)) is None
    _trial(
        builder,
        0,
        {"affinity/left/right": 0.01, "affinity/right/right": 0.04, "affinity/right/left": -0.02},
        {"affinity/left/right": 0.03},
    )
    _trial(builder, 1, {"affinity/left/right": 0.02, "affinity/right/right": 0.04})
    view = affinity(evidence_of(builder))
    assert view is not None
    rows = {(row["from"], row["to"]): row for row in view.rows}
    assert set(rows) == {("left", "right"), ("right", "right"), ("right", "left")}
    assert rows["left", "right"]["affinity"] == pytest.approx(0.02)
    assert rows["left", "right"]["relative"] == pytest.approx(0.5)
    assert rows["left", "right"]["epochs"] == 3
    assert rows["right", "left"]["relative"] is None
    assert view.summary == (
        "Steps for one task raise the loss of another in 1 of 2 pairs. The highest affinity is "
        "that of left to right (+2 % of its loss), the lowest that of right to left (-2 %)."
    )


def test_what_many_tasks_give_and_receive_is_shown(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    _trial(builder, 0, {"affinity_from/left": 0.01, "affinity_to/same": -0.01})
    view = affinity(evidence_of(builder))
    assert view is not None
    pairs = [(row["from"], row["to"]) for row in view.rows]
    assert pairs == [("left", "others"), ("others", "same")]


def test_hundreds_of_tasks_cost_what_was_logged_and_not_all_pairs(tmp_path: Path) -> None:
    tasks = tuple(f"t{number:03d}" for number in range(600))
    builder = Builder(tmp_path / "journal.jsonl", tasks).sweep()
    trial = builder.begin("equal", 0)
    extra = {"train/affinity_to/t599": -0.01, "train/affinity_from/t000": 0.01}
    extra |= {"train/affinity/t599/t000": 0.03, "train/affinity/t001/t599": 0.02}
    builder.epoch(trial, 1, 0.9, dict.fromkeys(tasks, 0.9), **extra)
    builder.end(trial)
    evidence = evidence_of(builder)
    tracemalloc.start()
    view = affinity(evidence)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert view is not None
    assert [(row["from"], row["to"]) for row in view.rows] == [
        *[("t001", "t599"), ("t599", "t000")],
        *[("t000", "others"), ("others", "t599")],
    ]
    assert peak < 2**20  # the names of all pairs take 50 MB
