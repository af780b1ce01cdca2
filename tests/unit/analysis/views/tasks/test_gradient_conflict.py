from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from mtl_search.analysis.views.tasks.gradient_conflict import gradient_conflict
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder, whole

KEYS = ("1/left/right", "2/left/right", "all/left/right")


def _builder(folder: Path, epochs: int, tasks: tuple[str, ...] = ("left", "right")) -> Builder:
    builder = Builder(folder / "journal.jsonl", tasks).sweep()
    trial = builder.begin("equal", 0)
    for epoch in range(1, epochs + 1):
        extra = {f"train/cosine/{key}": -0.01 * epoch for key in KEYS}
        extra |= {f"train/cosine/{stage}/mean": 0.1 for stage in ("1", "2", "all")}
        extra |= {"train/cosine/1/conflict": 0.25, "train/cosine/all/conflict": 0.75}
        builder.epoch(trial, epoch, 0.9, dict.fromkeys(tasks, 0.9), **extra)
    builder.end(trial)
    return builder


def test_each_stage_and_epoch_has_its_cosines(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "none.jsonl").sweep()
    assert gradient_conflict(evidence_of(builder)) is None
    view = gradient_conflict(evidence_of(_builder(tmp_path, 3)))
    assert view is not None
    assert len(view.rows) == 3 * 8
    values = {(r["stage"], r["epoch"], r["pair"]): r["cosine"] for r in view.rows}
    assert values["2", 3, "left and right"] == -0.03
    assert values["1", 1, "conflict"] == 0.25
    assert view.summary == (
        "In the best trial of arm equal, 75 % of the pairs conflict in all stages together. "
        "The lowest mean cosine is that of left and right, -0.02."
    )


def test_long_trials_are_shown_by_means_of_blocks(tmp_path: Path) -> None:
    view = gradient_conflict(evidence_of(_builder(tmp_path, 50)))
    assert view is not None
    rows = [r for r in view.rows if (r["stage"], r["pair"]) == ("1", "left and right")]
    assert [row["epoch"] for row in rows] == list(range(1, 50, 3))
    assert rows[0]["cosine"] == pytest.approx(-0.02)


def test_pairs_of_more_tasks_are_shown_of_all_stages_together(tmp_path: Path) -> None:
    tasks = ("left", "right", "c", "d", "e")
    view = gradient_conflict(evidence_of(_builder(tmp_path, 1, tasks)))
    assert view is not None
    assert {(r["stage"], r["pair"]) for r in view.rows if r["pair"] == "left and right"} == {
        ("all", "left and right")
    }
    assert {r["stage"] for r in view.rows if r["pair"] == "mean"} == {"1", "2", "all"}


def test_it_tells_of_the_recommended_network(tmp_path: Path) -> None:
    """Not of the arm that happens to stand last."""
    builder = Builder(tmp_path / "journal.jsonl", ("left", "right")).sweep().scales()
    whole(builder, trials=1, seeds=3, gain=-0.05)
    for arm, cosine in (("equal", 0.5), ("search", -0.5)):
        extra = {"train/cosine/all/left/right": cosine, "train/cosine/all/conflict": 0.0}
        levels = dict.fromkeys(builder.tasks, 0.9)
        builder.epoch(f"{arm}-0000", 4, 0.9, levels, **extra)
    evidence = evidence_of(builder)
    view = gradient_conflict(evidence)
    assert view is not None
    assert evidence.verdict.recommended is not None
    assert evidence.verdict.recommended.arm == view.about["arm"] == "equal"
    assert view.summary.endswith("left and right, 0.50.")


def test_hundreds_of_tasks_cost_what_was_logged_and_not_all_pairs(tmp_path: Path) -> None:
    tasks = tuple(f"t{number:03d}" for number in range(600))
    builder = Builder(tmp_path / "journal.jsonl", tasks).sweep()
    trial = builder.begin("equal", 0)
    extra = {"train/cosine/all/t003/t599": -0.5, "train/cosine/all/conflict": 0.4}
    extra |= {"train/cosine/all/t003/gone": -0.9}  # no task of this sweep
    builder.epoch(trial, 1, 0.9, dict.fromkeys(tasks, 0.9), **extra)
    builder.end(trial)
    evidence = evidence_of(builder)
    tracemalloc.start()
    view = gradient_conflict(evidence)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert view is not None
    assert [row["pair"] for row in view.rows] == ["t003 and t599", "conflict"]
    assert peak < 2**20  # the names of all pairs take 30 MB
