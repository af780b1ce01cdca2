"""The least number of trials of a sweep."""

from __future__ import annotations

import pytest

from mtl_search.search.arms import plan_arms
from mtl_search.search.protocol.budget import trial_budget
from tests.support import small_sweeps as small


@pytest.mark.parametrize(
    ("top", "seeds", "finals"), [(0, 5, None), (1, 5, 5), (3, 5, 9), (3, 2, 6), (9, 5, 11)]
)
def test_the_least_budget_has_the_races_but_no_offers_and_twins(
    top: int, seeds: int, finals: int | None
) -> None:
    config = small.config(
        {
            "search.finalists.top": top,
            "search.finalists.seeds": seeds,
            "search.finalists.max_seeds": 9,
        }
    )
    budget = trial_budget(config, plan_arms(config))
    assert budget["equal"] == budget["single/kind"] == 4
    assert budget.get("final/single/kind") == budget.get("final/search") == finals
    assert budget.get("final/without/flag") == (seeds if top else None)


def test_the_least_budget_has_single_tasks_on_random_splits() -> None:
    config = small.config({"search.finalists.splits": 7})
    budget = trial_budget(config, plan_arms(config))
    on_splits = {arm: count for arm, count in budget.items() if arm.startswith("split/")}
    assert on_splits == {"split/single/kind": 7, "split/single/size": 7}
    for changes in ({"search.finalists.top": 0}, {"search.arms": ["single"]}):
        other = small.config({"search.finalists.splits": 7, **changes})
        assert not any(arm.startswith("split/") for arm in trial_budget(other, plan_arms(other)))
