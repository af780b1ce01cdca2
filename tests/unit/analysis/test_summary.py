"""Figures of a sweep, against SciPy's ranks."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from mtl_search.analysis import summary
from mtl_search.analysis.summary import arm_totals, pareto_front, rung_correlations
from tests.support.recorded_sweeps import Builder

TASKS = {"left": ("accuracy",), "right": ("accuracy",)}


@pytest.mark.parametrize("count", [1, 2, 7, 30])
def test_ranks_are_those_of_scipy(count: int) -> None:
    values = np.random.default_rng(count).integers(0, 5, count).tolist()
    assert summary._ranks(values) == stats.rankdata(values).tolist()


def test_the_rank_correlation_is_that_of_scipy(tmp_path: Path) -> None:
    """Six trials go on, two stop after epoch 1; objectives then and at the end."""
    builder = Builder(tmp_path / "journal.jsonl", tuple(TASKS)).sweep()
    early = [0.1, 0.3, 0.2, 0.2, 0.5, 0.4]
    end = [0.3, 0.4, 0.6, 0.5, 0.9, 0.7]
    for number, (first, last) in enumerate(zip(early, end, strict=True)):
        trial = builder.begin("search", number)
        builder.epoch(trial, 1, first, dict.fromkeys(TASKS, first))
        builder.epoch(trial, 2, last, dict.fromkeys(TASKS, last))
        builder.end(trial)
    for number in (6, 7):
        trial = builder.begin("search", number)
        builder.epoch(trial, 1, 0.0, dict.fromkeys(TASKS, 0.0))
        builder.end(trial, "PRUNED")
    (rung,) = rung_correlations(builder.sweep_record, TASKS)
    assert (rung.arm, rung.epoch, rung.trials) == ("search", 1, 6)
    assert rung.spearman == pytest.approx(stats.spearmanr(early, end).statistic, abs=1e-12)
    (totals,) = arm_totals(builder.sweep_record, TASKS)
    assert (totals.states, totals.epochs) == ({"COMPLETE": 6, "PRUNED": 2}, 14)


@pytest.mark.parametrize("single", [True, False])
def test_the_front_is_relative_to_the_references_or_to_the_best(
    tmp_path: Path, *, single: bool
) -> None:
    builder = Builder(tmp_path / "journal.jsonl", tuple(TASKS)).sweep()
    for number, (left, right) in enumerate([(0.5, 0.8), (0.8, 0.5), (0.4, 0.4)]):
        trial = builder.begin("equal", number)
        builder.epoch(trial, 1, 0.0, {"left": left, "right": right})
        builder.end(trial)
    reference = {f"val/{task}/accuracy": 0.5 for task in TASKS} if single else {}
    front = pareto_front(builder.sweep_record, TASKS, reference)
    assert front is not None
    assert (front.points, front.trials) == (3, ("equal-0000", "equal-0001"))
    assert front.against == ("single" if single else "best")
    # Gains + 1: (1, 1.6) and (1.6, 1) of the references; (0.625, 1) and (1, 0.625) of the best.
    expected = 1.6 + 0.6 if single else 0.625 + 0.375 * 0.625
    assert front.hypervolume == pytest.approx(expected)
    assert pareto_front(builder.sweep_record, {"left": ("accuracy",)}, reference) is None
