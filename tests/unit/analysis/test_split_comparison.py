"""Gains over random partitions of the data, from made-up trials with known test scores."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from mtl_search.analysis.finalists import SharedNetwork
from mtl_search.analysis.judge import judge
from mtl_search.analysis.measure import LinearScale, Measure
from mtl_search.analysis.split_comparison import SplitComparison, split_comparisons
from mtl_search.analysis.statistics.splits import split_difference
from mtl_search.analysis.verdict import Verdict
from mtl_search.storage.arm_name import SEARCH
from mtl_search.storage.trial_info import State
from tests.support.recorded_sweeps import Builder, config

TWO = ("a", "b")
SKILL = Measure(
    "skill",
    {task: (LinearScale("accuracy", 0.5, 2.0),) for task in TWO},
    {"a": 0.25, "b": 0.75},
    -1.0,
)
BEST = SharedNetwork(SEARCH, "search-0000", depth=2, has_equal_weights=False)
SINGLES = {"single/a": "single-a-0000", "single/b": "single-b-0000"}


class Sweep:
    """A sweep over the tasks a and b, with trials on other partitions.

    Args:
        folder: The sweep's folder.
    """

    def __init__(self, folder: Path) -> None:
        self.builder = Builder(folder / "journal.jsonl", TWO).sweep()

    def add(
        self,
        arm: str,
        split: int,
        scores: Mapping[str, float],
        *,
        origin: str = "search-0000",
        state: State = "COMPLETE",
        train: int = 60,
    ) -> None:
        """Add a trial of an arm on a partition: task → accuracy."""
        number = len(self.builder.sweep_record.arm(f"split/{arm}"))
        name = f"split-{arm.replace('/', '-')}-{number:04d}"
        self.builder.event(
            "trial",
            id=name,
            arm=f"split/{arm}",
            number=number,
            params={},
            distributions={},
            overrides={},
            seed=split,
            origin=origin,
            split=split,
        )
        if state != "FAIL":
            samples = {"train": train, "validation": 20, "test": 20}
            self.builder.event("info", id=name, info={"samples": samples})
            self.builder.epoch(name, 1, 0.9, scores)
        reason = "the loss is nan\nin epoch 3" if state == "FAIL" else ""
        self.builder.end(name, state, reason, scores if state == "COMPLETE" else None)

    def singles(self, split: int, scores: Mapping[str, float]) -> None:
        for task, score in scores.items():
            self.add(f"single/{task}", split, {task: score}, origin=SINGLES[f"single/{task}"])

    def compared(self) -> dict[str, SplitComparison]:
        return split_comparisons(self.builder.sweep_record, SKILL, BEST, SINGLES)


@pytest.fixture
def sweep(tmp_path: Path) -> Sweep:
    return Sweep(tmp_path)


def fill(sweep: Sweep, gains: Sequence[float], *, twin: float = 0.0) -> None:
    """Let task b gain so much accuracy on each partition, and task a nothing."""
    for split, gain in enumerate(gains, 1):
        sweep.add("search", split, {"a": 0.7, "b": 0.7 + gain}, train=50 + 20 * (split % 2))
        sweep.singles(split, {"a": 0.7, "b": 0.7})
        sweep.add("twin/separate", split, {"a": 0.7, "b": 0.7 + twin})


def test_gains_are_those_of_each_partition_with_the_interval_of_nadeau_and_bengio(
    sweep: Sweep,
) -> None:
    accuracies = [0.02, 0.04, 0.0, 0.02]
    fill(sweep, accuracies, twin=0.01)
    compared = sweep.compared()
    assert list(compared) == ["single", "twin/separate"]
    gains = [0.75 * 2.0 * gain for gain in accuracies]  # weight, factor of the skill
    single = compared["single"]
    assert list(single.by_split) == [1, 2, 3, 4]
    assert list(single.by_split.values()) == pytest.approx(gains)
    expected = split_difference(gains, train_size=60, test_size=20)
    assert single.gain.mean == pytest.approx(0.03)
    assert single.gain.standard_error == pytest.approx(expected.standard_error)
    assert single.interval == pytest.approx(expected.interval(0.95))
    twin = compared["twin/separate"]
    assert list(twin.by_split.values()) == pytest.approx([gain - 0.015 for gain in gains])
    assert (single.begun, single.measure) == (4, "skill")


def test_only_partitions_count_that_all_sides_have(sweep: Sweep) -> None:
    fill(sweep, [0.02, 0.04, 0.06])
    sweep.add("search", 4, {"a": 0.9, "b": 0.9})
    sweep.singles(4, {"a": 0.9})  # task b never began
    sweep.add("search", 5, {}, state="FAIL")
    sweep.singles(5, {"a": 0.9, "b": 0.9})
    sweep.add("search", 6, {"a": 0.9})  # the metric of task b was undefined
    sweep.singles(6, {"a": 0.9, "b": 0.9})
    sweep.add("search", 7, {"a": 0.1, "b": 0.1}, origin="search-0003")  # another network
    single = sweep.compared()["single"]
    assert list(single.by_split) == [1, 2, 3]
    assert (single.begun, single.counts()) == (6, "3 of 6 random splits")


def test_nothing_is_compared_that_was_not_trained(sweep: Sweep) -> None:
    record = sweep.builder.sweep_record
    assert sweep.compared() == {}
    sweep.add("search", 1, {"a": 0.9, "b": 0.9})
    assert sweep.compared() == {}
    sweep.singles(1, {"a": 0.8, "b": 0.8})
    assert list(sweep.compared()) == ["single"]
    assert split_comparisons(record, None, BEST, SINGLES) == {}
    assert split_comparisons(record, SKILL, None, SINGLES) == {}
    assert split_comparisons(record, SKILL, BEST, {"single/a": "single-a-0000"}) == {}


@pytest.mark.parametrize(
    ("gains", "words"),
    [
        ([0.02], "skill +3.0 points (no interval)"),
        ([0.02] * 3, "skill +3.0 points (on all alike)"),
        ([-0.02, 0.0], "skill -1.5 points (95 % interval -26.1 … +23.1)"),
    ],
)
def test_gains_are_told_in_points(sweep: Sweep, gains: list[float], words: str) -> None:
    fill(sweep, gains)
    assert sweep.compared()["single"].numbers() == words


def verdict_of(folder: Path, sweep: Sweep) -> Verdict:
    """The verdict where finalists on the sweep's own split gain 5 points."""
    builder = sweep.builder
    builder.event("scales", values={f"{t}/accuracy": [0.5, 1.0] for t in TWO}, excluded={})
    for arm in ("single/a", "single/b", "search", "twin/separate"):
        mine = [arm[-1]] if arm.startswith("single") else TWO
        origin = "search-0000" if arm == "twin/separate" else ""
        if not origin:
            builder.trial(arm, 0, 0.8)
        for seed in range(5):
            level = 0.7 + 0.025 * (arm == "search") + 0.001 * (seed % 2)
            builder.finalist(arm, seed, dict.fromkeys(mine, level), origin=origin)
    looks = {"search.finalists.seeds": 5, "search.finalists.max_seeds": 5}
    return judge(builder.sweep_record, config("demo", TWO, **looks), folder)


def test_the_verdict_tells_them_beside_its_answer(sweep: Sweep, tmp_path: Path) -> None:
    before = verdict_of(tmp_path / "without", Sweep(tmp_path / "without"))
    fill(sweep, [-0.02, 0.01, 0.03, -0.04], twin=-0.01)
    sweep.add("search", 5, {}, state="FAIL")
    verdict = verdict_of(tmp_path, sweep)
    assert verdict.outcome == before.outcome == "sharing helps"
    assert verdict.sharing == before.sharing
    sentence = verdict.sentence()
    assert (
        " Over 4 of 5 random splits: skill -0.5 points (95 % interval -8.1 … +7.1) against tuned "
        "separate networks, skill +0.5 points (95 % interval -7.1 … +8.1) against the same network "
        "with nothing shared. "
    ) in sentence
    assert (
        " 1 of 17 trials on other random splits failed, "
        "such as split-search-0004: the loss is nan. "
    ) in sentence
    assert "random split" not in before.sentence()
    assert before.splits == {}
    told = json.loads(json.dumps(verdict.to_dict()))["splits"]["single"]
    gains = {"1": -0.02, "2": 0.01, "3": 0.03, "4": -0.04}
    assert told["by_split"] == pytest.approx(gains)
    assert told["gain"]["mean"] == pytest.approx(-0.005)
