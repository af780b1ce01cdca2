"""The old rule, and the shares of tasks in the variance of a mean gain.

S seeds, N test items
"""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mtl_search.analysis.comparison import Run
from mtl_search.analysis.measure import LinearScale, Measure
from tests.benchmarks.real_sets.old_rule import old_answer, variance_shares

TASKS = {"a": ("accuracy",), "b": ("accuracy",)}


def runs(rng: np.random.Generator, deviations: dict[str, float], seeds: int = 5) -> list[Run]:
    """Return runs whose seeds and items spread by these deviations."""
    made = []
    for _ in range(seeds):
        items = {
            f"{task}/accuracy": rng.normal(0.7 + rng.normal(0, deviation), deviation, 300)
            for task, deviation in deviations.items()
        }
        test = {f"test/{key}": float(values_N.mean()) for key, values_N in items.items()}
        made.append(Run(test, items))
    return made


def measure(**factors: float) -> Measure:
    scales = {task: (LinearScale("accuracy", 0.5, factor),) for task, factor in factors.items()}
    return Measure("skill", scales, {task: 1 / len(factors) for task in factors})


def test_shares_sum_to_one_and_follow_the_spread() -> None:
    rng = np.random.default_rng(0)
    ours, theirs = (runs(rng, {"a": 0.01, "b": 0.1}) for _ in range(2))
    shares = variance_shares(ours, theirs, measure(a=2.0, b=2.0))
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["b"] > 0.9


def test_a_factor_is_what_makes_a_task_rule_the_mean() -> None:
    rng = np.random.default_rng(1)
    ours, theirs = (runs(rng, {"a": 0.02, "b": 0.02}) for _ in range(2))
    alike = variance_shares(ours, theirs, measure(a=1.0, b=1.0))
    ruled = variance_shares(ours, theirs, measure(a=1.0, b=20.0))
    assert 0.1 < alike["a"] < 0.9
    assert ruled["b"] > 0.95


def test_shares_are_those_of_the_variance_that_is_left_without_a_task() -> None:
    rng = np.random.default_rng(2)
    ours, theirs = (runs(rng, {"a": 0.03, "b": 0.02}) for _ in range(2))
    both = measure(a=1.0, b=1.0)
    shares = variance_shares(ours, theirs, both)

    def variance(weights: dict[str, float]) -> float:
        def weighted(run: Run) -> NDArray[np.float64]:
            parts = [w * run.items[f"{task}/accuracy"] for task, w in weights.items()]
            return np.asarray(np.sum(parts, axis=0))

        sides = [np.stack([weighted(run) for run in side]) for side in (ours, theirs)]
        difference_N = sides[0].mean(0) - sides[1].mean(0)
        of_seeds = sum(float(side_SN.mean(1).var(ddof=1)) / len(side_SN) for side_SN in sides)
        return of_seeds + float(difference_N.var(ddof=1)) / len(difference_N)

    # Cov(a, whole) by polarisation: (V(whole + a) - V(whole - a)) / 4.
    covariance = (variance({"a": 1.0, "b": 0.5}) - variance({"a": 0.0, "b": 0.5})) / 4
    assert shares["a"] == pytest.approx(covariance / variance({"a": 0.5, "b": 0.5}))


def test_the_old_rule_pairs_seeds_and_knows_no_items() -> None:
    single = {index: Run({"test/a/accuracy": 0.5, "test/b/accuracy": 0.8}) for index in range(3)}
    shared = {
        index: Run({"test/a/accuracy": value, "test/b/accuracy": 0.8})
        for index, value in enumerate((0.55, 0.56, 0.57, 0.9))
    }
    answer = old_answer(shared, single, TASKS, shares_nothing=False)
    assert answer.delta_m.values == pytest.approx((0.05, 0.06, 0.07))
    assert answer.sentence().startswith("sharing helps: Δm = +6.0 % (95 % interval +3.5 … +8.5 %")
    nothing = old_answer(shared, single, TASKS, shares_nothing=True)
    assert nothing.sentence().startswith("no significant gain")
    turned = old_answer(single, shared, TASKS, shares_nothing=False)
    assert turned.sentence().startswith("sharing hurts")


def test_the_old_rule_needs_two_seeds() -> None:
    run = {0: Run({"test/a/accuracy": 0.5, "test/b/accuracy": 0.8})}
    assert old_answer(run, run, TASKS, shares_nothing=False).sentence() == "not tested"
