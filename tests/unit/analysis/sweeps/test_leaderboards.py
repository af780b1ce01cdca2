"""The best configuration of each arm of each sweep."""

from __future__ import annotations

import statistics
from collections.abc import Callable

import pytest

from mtl_search.analysis.sweeps.leaderboards import leaderboards
from mtl_search.analysis.sweeps.sweep import Sweep
from tests.support.compared_sweeps import OLD, read_sweep

Make = Callable[..., Sweep]


def test_each_arm_of_each_sweep_has_a_row(sweep: Make) -> None:
    sweeps = [sweep("one", "left", "right"), sweep("two", "left", "right", random=1)]
    view = leaderboards(sweeps)
    assert view is not None
    arms = ["single/left", "single/right", "equal", "search"]
    assert [(row["sweep"], row["arm"]) for row in view.rows] == [
        (label, arm) for label in ("one", "two") for arm in arms
    ]
    row = view.rows[-1]
    winner = sweeps[1].evidence.verdict.winners["search"]
    assert row["trial"] == winner.origin
    test = statistics.fmean(winner.test[f"test/{t}/accuracy"].mean for t in ("left", "right"))
    assert row["test_skill"] == pytest.approx((test - 0.5) / 0.5)
    assert row["seeds"] == 3


def test_the_objective_stands_where_it_is_not_the_skill(sweep: Make) -> None:
    view = leaderboards([sweep("one"), sweep("two")])
    assert view is not None
    assert "objective" not in {column.name for column in view.columns}
    with_old = leaderboards([sweep("three"), read_sweep(OLD / "v0_1_finished")])
    assert with_old is not None
    assert [row["objective"] is None for row in with_old.rows] == [True] * 5 + [False] * 4


def test_without_a_trial_there_is_nothing_to_show(sweep: Make) -> None:
    begun = sweep("begun", seeds=0)
    begun.evidence.record.trials.clear()
    assert leaderboards([begun, begun]) is None
