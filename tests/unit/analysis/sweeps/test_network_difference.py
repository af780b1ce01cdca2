"""The recommended network of one sweep against that of another: which interval, and when none."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from mtl_search.analysis.comparison import compare
from mtl_search.analysis.measure import skill_measure
from mtl_search.analysis.sweeps.network_difference import (
    NetworkDifference,
    common_tasks,
    network_differences,
)
from mtl_search.analysis.sweeps.sweep import Sweep
from tests.support.compared_sweeps import OLD, read_sweep

Make = Callable[..., Sweep]


def difference(first: Sweep, other: Sweep) -> NetworkDifference:
    (only,) = network_differences([first, other])
    return only


def test_the_same_items_have_the_interval_of_the_verdict(sweep: Make) -> None:
    first = sweep("first", digest="a1", items=200, seeds=5, gain=0.0)
    better = sweep("better", digest="a1", items=200, seeds=5, gain=0.06, random=1)
    found = difference(first, better)
    tasks = common_tasks(better, first)
    measure = skill_measure(first.evidence.record, first.evidence.config, tasks)
    assert measure is not None
    runs = [s.networks.runs[s.networks.best.arm] for s in (better, first) if s.networks.best]
    expected = compare("ours", "theirs", *runs, measure=measure, tasks=tasks)
    assert expected is not None
    assert (found.gain, found.interval) == (expected.gain, expected.interval)
    assert found.gain is not None
    assert found.gain.items == 200
    assert found.answer == "better"
    assert found.sentence().startswith("The network that better recommends is better than that")
    # Skill counts from a constant prediction of 0.5: 6 % of accuracy are 12 points.
    assert found.gain.mean == pytest.approx(0.12, abs=0.01)
    assert difference(better, first).answer == "worse"


def test_the_same_sweep_differs_by_nothing(sweep: Make) -> None:
    one = sweep("one", digest="a1", items=100)
    found = difference(one, one)
    assert found.gain is not None
    assert found.gain.mean == 0.0


def test_without_a_digest_seeds_alone_count(sweep: Make) -> None:
    found = difference(sweep("one", items=100), sweep("other", items=100, random=1))
    assert found.gain is not None
    assert (found.gain.items, found.interval is not None) == (0, True)
    assert "not recorded whether both had the same test items" in found.basis


def test_another_split_counts_the_items_of_each_side(sweep: Make) -> None:
    first = sweep("first", items=200)
    crossed = difference(sweep("a", digest="d", items=200), sweep("b", digest="d", items=200))
    found = difference(first, sweep("other", items=100, settings={"seed": 1}))
    assert found.interval is not None
    assert crossed.interval is not None
    assert found.interval[1] - found.interval[0] > crossed.interval[1] - crossed.interval[0]
    assert set(found.tasks) == {"left", "right", "same"}
    assert "another split" in found.sentence()


def test_another_split_without_items_has_no_interval(sweep: Make) -> None:
    found = difference(sweep("one"), sweep("other", settings={"seed": 1}))
    assert found.gain is not None
    assert (found.interval, found.answer) == (None, "")
    assert "without an interval" in found.sentence()


def test_lost_files_leave_seeds_alone(sweep: Make) -> None:
    found = difference(sweep("one", digest="a1"), sweep("other", digest="a1", items=50))
    assert found.interval is not None
    assert found.basis == "over seeds alone: the scores of test items are not there"


@pytest.mark.parametrize(
    ("how", "reason"),
    [
        ({"settings": {"data.train": 100}}, "the data are not the same"),
        ({"seeds": 0}, "other has no finalists on fresh seeds"),
    ],
)
def test_it_says_why_nothing_is_compared(sweep: Make, how: dict[str, object], reason: str) -> None:
    found = difference(sweep("one"), sweep("other", **how))
    assert (found.gain, found.interval, found.basis) == (None, None, reason)
    assert reason in found.sentence()


def test_tasks_that_both_have_are_compared(sweep: Make) -> None:
    one = sweep("one", "left", "right", digest="a1", items=50)
    found = difference(one, sweep("other", "left", "same", digest="a1", items=50))
    assert list(found.tasks) == ["left"]
    nothing = difference(one, sweep("third", "same", "again", digest="a1"))
    assert nothing.basis == "no main task with the same metric is in both"


def test_one_seed_is_not_enough(sweep: Make) -> None:
    found = difference(sweep("one", digest="a1"), sweep("other", digest="a1", seeds=1))
    assert found.interval is None
    assert found.gain is not None


def test_several_comparisons_hold_together(sweep: Make) -> None:
    sweeps = [sweep(name, digest="a1", items=100, random=n) for n, name in enumerate("abc")]
    both = network_differences(sweeps)
    assert [d.level for d in both] == [0.975, 0.975]
    alone = difference(sweeps[0], sweeps[1])
    assert both[0].interval is not None
    assert alone.interval is not None
    assert both[0].interval[0] < alone.interval[0]


def test_sweeps_of_version_0_1_are_compared_by_delta_m() -> None:
    old = read_sweep(OLD / "v0_1_finished")
    found = difference(old, read_sweep(OLD / "v0_1_finished", "again"))
    assert (found.measure, found.gain and found.gain.mean) == ("delta_m", 0.0)
