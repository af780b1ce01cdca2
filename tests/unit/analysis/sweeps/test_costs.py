"""What each sweep has cost."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mtl_search.analysis.sweeps.costs import costs
from mtl_search.analysis.sweeps.sweep import Sweep
from mtl_search.analysis.views.cost import cost

Make = Callable[..., Sweep]


def test_it_is_the_sum_over_arms(sweep: Make) -> None:
    one = sweep("one")
    view = costs([one, sweep("begun", seeds=0)])
    assert view is not None
    first, begun = view.rows
    trials = list(one.evidence.record)
    assert first["trials"] == len(trials)
    assert first["epochs"] == sum(trial.last_epoch for trial in trials)
    assert first["seconds"] == pytest.approx(sum(trial.seconds for trial in trials))
    finalists = sum(trial.last_epoch for trial in trials if trial.is_finalist)
    assert (first["final_epochs"], first["search_epochs"]) == (
        finalists,
        first["epochs"] - finalists,
    )
    assert (begun["trials"], begun["epochs"]) == (2, 6)
    of_one = cost(one.evidence)
    assert of_one is not None
    assert first["epochs"] == sum(row["epochs"] for row in of_one.rows)


def test_before_the_first_trial_there_is_nothing_to_show(sweep: Make) -> None:
    begun = sweep("begun", seeds=0)
    begun.evidence.record.trials.clear()
    assert costs([begun, begun]) is None
