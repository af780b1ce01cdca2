"""The best so far against the epochs spent."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby

from mtl_search.analysis.sweeps.curves import curves
from mtl_search.analysis.sweeps.sweep import Sweep
from tests.support.compared_sweeps import OLD, read_sweep

Make = Callable[..., Sweep]


def test_each_shared_arm_has_a_curve_that_never_falls(sweep: Make) -> None:
    one = sweep("one")
    view = curves([one, sweep("two")])
    assert view is not None
    parts = {
        key: list(rows) for key, rows in groupby(view.rows, key=lambda r: (r["sweep"], r["arm"]))
    }
    assert list(parts) == [(s, arm) for s in ("one", "two") for arm in ("equal", "search")]
    for rows in parts.values():
        assert [row["trials"] for row in rows] == [1, 2, 3, 4]
        assert [row["epochs"] for row in rows] == [3, 6, 9, 12]
        best = [row["best"] for row in rows]
        assert best == sorted(best)
    last = parts["one", "search"][-1]["best"]
    assert last == max(trial.best_objective for trial in one.evidence.record.arm("search"))
    assert f"one search {last:.4f} after 12 epochs" in view.summary


def test_other_objectives_are_said_to_be_other_axes(sweep: Make) -> None:
    view = curves([sweep("one"), read_sweep(OLD / "v0_1_finished")])
    assert view is not None
    assert "not the same (skill, delta_m)" in view.note


def test_without_a_trial_there_is_no_curve(sweep: Make) -> None:
    begun = sweep("begun", seeds=0)
    begun.evidence.record.trials.clear()
    assert curves([begun, begun]) is None
