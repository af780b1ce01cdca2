"""Figures of a sweep, against SciPy's ranks."""

from __future__ import annotations

from pathlib import Path

import pytest
from scipy import stats

from mtl_search.analysis.judge import judge
from mtl_search.analysis.references import validation_reference
from mtl_search.analysis.summary import arm_totals, mean_ranks, pareto_front, rung_correlations
from tests.support import recorded_sweeps
from tests.support.recorded_sweeps import Builder, config

TASKS = {"left": ("accuracy",), "right": ("accuracy",)}
THREE = dict.fromkeys(recorded_sweeps.TASKS, ("accuracy",))


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


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "journal.jsonl").sweep()


def test_totals(builder: Builder) -> None:
    builder.trial("search", 0, 0.9, epochs=4)
    builder.trial("search", 1, 0.5, epochs=1, state="PRUNED")
    (totals,) = arm_totals(builder.sweep_record, THREE)
    assert (totals.states, totals.epochs, totals.seconds) == ({"COMPLETE": 1, "PRUNED": 1}, 5, 2.5)


def test_mean_ranks_share_ties(builder: Builder) -> None:
    scores = {"left": (0.8, 0.9, 0.9), "right": (0.7, 0.8, 0.9), "same": (0.9, 0.8, 0.7)}
    for task, (single, _, _) in scores.items():
        builder.finalist(f"single/{task}", 0, {task: single})
    builder.finalist("equal", 0, {task: equal for task, (_, equal, _) in scores.items()})
    builder.finalist("search", 0, {task: search for task, (_, _, search) in scores.items()})
    ranks = mean_ranks(judge(builder.sweep_record, config()), THREE)
    assert ranks == pytest.approx(
        {"single": 7 / 3, "equal": (1.5 + 2 + 2) / 3, "search": (1.5 + 1 + 3) / 3}
    )


def test_pareto_front_of_gains(builder: Builder) -> None:
    for task in THREE:
        builder.trial(f"single/{task}", 0, 0.5)
    for number, values in enumerate([(0.5, 0.5, 0.5), (0.6, 0.5, 0.4), (0.4, 0.4, 0.4)]):
        trial = builder.begin("search", number)
        builder.epoch(trial, 1, sum(values), dict(zip(THREE, values, strict=True)))
        builder.end(trial)
    found = pareto_front(
        builder.sweep_record, THREE, validation_reference(builder.sweep_record, THREE)
    )
    assert found is not None
    assert (found.points, found.trials, found.against) == (
        3,
        ("search-0000", "search-0001"),
        "single",
    )
    assert found.hypervolume == pytest.approx(1.0 + 0.2 * 1.0 * 0.8)


def test_beyond_ten_tasks_there_is_no_hypervolume(tmp_path: Path) -> None:
    names = [f"task{number}" for number in range(11)]
    builder = Builder(tmp_path / "journal.jsonl", names).sweep()
    builder.trial("equal", 0, 0.8)
    for count, is_known in ((10, True), (11, False)):
        tasks = dict.fromkeys(names[:count], ("accuracy",))
        front = pareto_front(builder.sweep_record, tasks, {})
        assert front is not None
        assert (front.hypervolume is not None) == is_known
