"""One network against another: over seeds, test items and tasks.

S seeds, N test items
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mtl_search.analysis.comparison import Comparison, Run, compare
from mtl_search.analysis.measure import LinearScale, Measure
from mtl_search.analysis.statistics.two_way import crossed_difference
from mtl_search.analysis.statistics.welch import seed_difference

TASKS = {"a": ("accuracy",), "b": ("rmse",)}
MEASURE = Measure(
    "skill",
    {"a": (LinearScale("accuracy", 0.5, 2.0),), "b": (LinearScale("rmse", 2.0, -0.5),)},
    {"a": 0.75, "b": 0.25},
    -1.0,
)


def runs(seed: int, seeds: int, level: float, items: int = 50) -> dict[int, Run]:
    random = np.random.default_rng(seed)
    made = {}
    for index in range(seeds):
        scores = {
            "a/accuracy": (random.random(items) < level).astype(np.float32),
            "b/rmse": random.normal(1.0, 0.1, items).astype(np.float32),
        }
        test = {f"test/{name}": float(score_N.mean()) for name, score_N in scores.items()}
        made[index] = Run(test, scores)
    return made


def compared(ours: dict[int, Run], theirs: dict[int, Run], level: float = 0.95) -> Comparison:
    found = compare("search", "single", ours, theirs, measure=MEASURE, tasks=TASKS, level=level)
    assert found is not None
    return found


def test_the_gain_is_that_of_the_items_in_the_measure() -> None:
    ours, theirs = runs(0, 4, 0.8), runs(1, 3, 0.7)

    def matrix(group: dict[int, Run]) -> np.ndarray:
        return np.stack(
            [
                0.75 * 2.0 * (run.items["a/accuracy"] - 0.5)
                - 0.25 * 0.5 * (run.items["b/rmse"] - 2)
                for run in group.values()
            ]
        )

    found, expected = compared(ours, theirs), crossed_difference(matrix(ours), matrix(theirs))
    assert found.gain.mean == pytest.approx(expected.mean, rel=1e-5)
    assert found.gain.standard_error == pytest.approx(expected.standard_error, rel=1e-4)
    assert found.gain.seeds == (4, 3)
    assert found.gain.items == 50
    assert found.interval == found.gain.interval(0.95)


def test_a_run_without_items_is_left_out_where_two_others_have_them() -> None:
    ours, theirs = runs(0, 3, 0.8), runs(1, 3, 0.7)
    rest = {index: run for index, run in ours.items() if index != 1}
    ours[1] = Run(ours[1].test)
    assert compared(ours, theirs).gain == compared(rest, theirs).gain


def test_values_of_blocks_count_as_the_items_in_them() -> None:
    ours = {i: replace(run, item_count=500) for i, run in runs(0, 3, 0.8).items()}
    blocks, items = compared(ours, runs(1, 3, 0.7)), compared(runs(0, 3, 0.8), runs(1, 3, 0.7))
    assert blocks.sizes() == "3 seeds × 500 test items"
    assert items.sizes() == "3 seeds × 50 test items"
    few, many = items.needed(0.005).items, blocks.needed(0.005).items
    assert few is not None
    assert many == 10 * few


def test_without_items_of_two_runs_seeds_alone_count() -> None:
    ours, theirs = runs(0, 3, 0.8), runs(1, 3, 0.7)
    ours = {index: Run(run.test) for index, run in ours.items()}
    found = compared(ours, theirs)
    expected = seed_difference(
        np.array([MEASURE.value(run.test) for run in ours.values()]),
        np.array([MEASURE.value(run.test) for run in theirs.values()]),
    )
    assert found.gain.items == 0
    assert found.gain.standard_error == pytest.approx(expected.standard_error)


def test_swapping_both_turns_the_sign() -> None:
    ours, theirs = runs(0, 4, 0.9), runs(1, 4, 0.6)
    there, back = compared(ours, theirs), compared(theirs, ours)
    assert there.sign == 1
    assert back.sign == -1
    assert there.gain.mean == pytest.approx(-back.gain.mean)
    assert there.improvement == pytest.approx(1 - back.improvement)
    assert there.improvement > 0.5


def test_delta_m_is_by_the_means_of_the_metrics() -> None:
    ours = {0: Run({"test/a/accuracy": 0.6, "test/b/rmse": 1.0})}
    theirs = {0: Run({"test/a/accuracy": 0.5, "test/b/rmse": 2.0})}
    found = compared(ours, theirs)
    assert found.literature is not None
    assert found.literature.tasks == {"a": pytest.approx(0.2), "b": pytest.approx(0.5)}
    assert found.delta_m == pytest.approx(0.35)
    assert (found.interval, found.sign) == (None, None)
    assert found.numbers().endswith("1 seed")


def test_a_higher_level_gives_a_wider_interval() -> None:
    ours, theirs = runs(0, 4, 0.8), runs(1, 4, 0.8)
    narrow, wide = compared(ours, theirs).interval, compared(ours, theirs, 0.99).interval
    assert narrow is not None
    assert wide is not None
    assert wide[0] < narrow[0] < narrow[1] < wide[1]


def test_there_is_no_comparison_without_runs() -> None:
    assert compare("a", "b", {}, runs(0, 2, 0.5), measure=MEASURE, tasks=TASKS) is None
