"""What luck alone shows of the best of several trials."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from mtl_search.analysis.selection import pooled_deviation, selection_floors
from mtl_search.storage.arm_name import EQUAL, SEARCH, ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import EpochRecord, TrialRecord
from tests.support.recorded_sweeps import Builder

TASKS = ("left", "right", "same")


def finalists(builder: Builder, origin: str, objectives: list[float]) -> None:
    for value in objectives:
        number = len(builder.sweep_record.arm("final/search"))
        builder.finalist("search", number, dict.fromkeys(TASKS, 0.9), val=value, origin=origin)


@pytest.fixture
def builder(tmp_path: Path) -> Builder:
    return Builder(tmp_path / "journal.jsonl").sweep()


def test_the_pooled_deviation_is_that_within_groups() -> None:
    generator = np.random.default_rng(0)
    groups = [generator.normal(10 * mean, 0.5, 2 + mean).tolist() for mean in range(6)]
    squares = sum(np.var(group, ddof=1) * (len(group) - 1) for group in groups)
    expected = np.sqrt(squares / sum(len(group) - 1 for group in groups))
    assert pooled_deviation(groups) == pytest.approx(expected)
    # Neither the place of a group nor a lone value changes it.
    shifted = [*([value + 100 for value in group] for group in groups), [7.0]]
    assert pooled_deviation(shifted) == pytest.approx(expected)
    assert pooled_deviation([[1.0], []]) is None


def test_floor_by_hand(builder: Builder) -> None:
    for number in range(5):
        builder.trial("search", number, 0.70 + 0.02 * number)
    finalists(builder, "search-0004", [0.70, 0.74])
    finalists(builder, "search-0003", [0.60, 0.64])
    finalists(builder, "search-0002", [0.10])  # a single seed has no spread
    (floor,) = selection_floors(builder.sweep_record, [SEARCH, EQUAL, SEARCH.final])
    assert (floor.arm, floor.trials) == ("search", 5)
    assert (floor.best, floor.mean) == pytest.approx((0.78, 0.74))
    assert floor.deviation == pytest.approx(0.04 / 2**0.5)
    assert floor.floor == pytest.approx(1.16296 * 0.04 / 2**0.5, rel=1e-4)  # E max of 5 normals


def test_without_two_seeds_there_is_no_floor(builder: Builder) -> None:
    builder.trial("single/left", 0, 0.7)
    (floor,) = selection_floors(builder.sweep_record, [ArmName.single("left")])
    assert floor.best == pytest.approx(0.7)
    assert (floor.deviation, floor.floor) == (None, None)


def test_members_and_failures_are_not_what_is_chosen_from(builder: Builder) -> None:
    builder.trial("search", 0, 0.9, role="member")
    builder.trial("search", 1, 0.8, state="FAIL")
    assert selection_floors(builder.sweep_record, [SEARCH]) == []
    builder.trial("search", 2, 0.6)
    builder.trial("search", 3, 0.5, state="PRUNED")
    (floor,) = selection_floors(builder.sweep_record, [SEARCH])
    assert (floor.trials, floor.best) == (2, 0.6)


def test_weights_of_warmups_are_not_chosen(builder: Builder) -> None:
    builder.trial("warmup/uw", 0, 0.9)
    assert selection_floors(builder.sweep_record, [ArmName.warmup("uw")]) == []


def record_of(trials: Iterable[float], finalists: Iterable[float]) -> SweepRecord:
    record = SweepRecord()
    for arm, objectives in ((SEARCH, trials), (SEARCH.final, finalists)):
        for number, value in enumerate(objectives):
            trial = TrialRecord(f"{arm}-{number}", arm, number, {}, {}, {}, 0, 0.0)
            trial.epochs = [EpochRecord(1, {}, value, 0.0)]
            trial.state = "COMPLETE"
            record.trials[trial.id] = trial
    return record


def test_trials_of_noise_alone_stand_at_the_floor() -> None:
    """The best of 8 trials without any difference, over many sweeps, against its floor."""
    generator = np.random.default_rng(0)
    above, floors = [], []
    for _ in range(1000):
        record = record_of(generator.normal(0.7, 0.02, 8), generator.normal(0.7, 0.02, 5))
        (floor,) = selection_floors(record, [SEARCH])
        assert floor.floor is not None
        above.append(floor.best - floor.mean)
        floors.append(floor.floor)
    # A deviation over 5 seeds is too small by 6 % on average.
    assert np.mean(above) == pytest.approx(np.mean(floors) / 0.94, rel=0.03)
