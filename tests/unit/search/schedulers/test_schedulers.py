"""Rungs and medians: one set an arm, rebuilt after an interruption, never for finalists."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from mtl_search.errors import ConfigError
from mtl_search.search.schedulers import SCHEDULERS, build_scheduler, pbt_config
from mtl_search.search.schedulers.arm_scheduler import ArmScheduler
from mtl_search.search.schedulers.population import PBTConfig
from mtl_search.storage.records import EpochRecord, SweepRecord, TrialRecord
from tests.support import small_sweeps as small

EPOCHS = 9


STOPPING = ("asha", "median")
ARGUMENTS: dict[str, dict[str, Any]] = {
    "asha": {"grace_period": 1, "reduction_factor": 3},
    "median": {},
}


def scheduler(slots: int = 1, name: str = "asha") -> ArmScheduler:
    member = {"name": name, **ARGUMENTS[name]}
    return ArmScheduler(
        small.config({"training.epochs": EPOCHS, "search.scheduler": member}), slots
    )


class Controller:
    """The part of Tune's controller that is touched."""

    def __init__(self) -> None:
        self.increased: list[tuple[Any, int]] = []
        self.pending: list[int] = []
        self._actor_cache = SimpleNamespace(
            increase_max=lambda what, by: self.increased.append((what, by))
        )
        self._maybe_reuse_cached_actor = None
        self._tune_controller = self

    def update_max_pending_trials(self, most: int) -> None:
        self.pending.append(most)


def tune_trial(arm: str, number: int | str) -> Any:
    name = f"{arm}-{number}"
    config = {"arm": arm, "id": name}
    return SimpleNamespace(
        trial_id=f"tune-{name}", config=config, placement_group_factory="one CPU"
    )


class Stream:
    """Trials with made-up values that run one after another, and the record of what they reported."""

    def __init__(self, under: ArmScheduler, record: SweepRecord | None = None) -> None:
        self.scheduler = under
        self.record = record or SweepRecord()
        self.decisions: list[tuple[str, int, str]] = []

    def trial(self, arm: str, number: int, epochs: int = EPOCHS) -> TrialRecord:
        rng = np.random.default_rng([number, len(arm)])
        values = np.maximum.accumulate(rng.random() + 0.05 * rng.random(EPOCHS))
        trial = tune_trial(arm, number)
        self.scheduler.on_trial_add(Controller(), trial)
        record = TrialRecord(trial.config["id"], arm, number, {}, {}, {}, 0, 0.0)
        self.record.trials[record.id] = record
        for epoch in range(1, epochs + 1):
            result = {"epoch": epoch, "objective": float(values[epoch - 1])}
            record.epochs.append(EpochRecord(epoch, {}, result["objective"], 0.0))
            if epoch == EPOCHS:  # Tune tells of the last result so
                record.state = "COMPLETE"
                self.scheduler.on_trial_complete(None, trial, result)
                break
            decision = self.scheduler.on_trial_result(None, trial, result)
            self.decisions.append((record.id, epoch, decision))
            if decision == "STOP":
                record.state = "PRUNED"
                break
        return record


def objectives(record: TrialRecord) -> dict[int, float]:
    return {epoch.epoch: epoch.best_objective for epoch in record.epochs}


def rungs(under: ArmScheduler, arm: str) -> Any:
    return under._arm(arm)._brackets[0]._rungs  # type: ignore[attr-defined]


def memory(under: ArmScheduler, arm: str) -> Any:
    """All that an arm's scheduler knows of its trials."""
    inner: Any = under._arm(arm)
    return inner._results if hasattr(inner, "_results") else rungs(under, arm)


def run(stream: Stream, numbers: range) -> list[tuple[str, int, str]]:
    before = len(stream.decisions)
    for number in numbers:
        for arm in ("equal", "search"):
            stream.trial(arm, number)
    return stream.decisions[before:]


@pytest.mark.parametrize("name", STOPPING)
@pytest.mark.parametrize("finished", [1, 3, 8])
def test_a_rebuilt_scheduler_decides_as_the_uninterrupted_one(finished: int, name: str) -> None:
    straight = Stream(scheduler(name=name))
    run(straight, range(finished))
    other = scheduler(name=name)
    other.restore(straight.record, objectives)
    resumed = Stream(other, SweepRecord())
    later = run(straight, range(finished, 20))
    assert run(resumed, range(finished, 20)) == later
    assert {decision for *_, decision in later} == {"CONTINUE", "STOP"}
    for arm in ("equal", "search"):
        assert memory(straight.scheduler, arm) == memory(other, arm)


@pytest.mark.parametrize("name", STOPPING)
@pytest.mark.parametrize("epochs", [1, 2, 5])
def test_an_interrupted_trial_is_judged_as_if_it_had_not_been(epochs: int, name: str) -> None:
    straight, broken = Stream(scheduler(name=name)), Stream(scheduler(name=name))
    for stream in (straight, broken):
        run(stream, range(5))
    decisions = len(straight.decisions)
    straight.trial("search", 5)
    assert broken.trial("search", 5, epochs=epochs).state == "RUNNING"
    other = scheduler(name=name)
    other.restore(broken.record, objectives)
    resumed = Stream(other, broken.record)
    resumed.trial("search", 5)  # without a checkpoint it reports every epoch again
    assert resumed.decisions == straight.decisions[decisions:]
    assert memory(other, "search") == memory(straight.scheduler, "search")


def median_of(values: dict[str, list[float]], **arguments: int) -> ArmScheduler:
    """A scheduler that has seen these trials of the search arm to their ends."""
    member = {"name": "median", **arguments}
    under = ArmScheduler(small.config({"training.epochs": EPOCHS, "search.scheduler": member}), 1)
    for name, reported in values.items():
        for epoch, value in enumerate(reported, start=1):
            assert (
                under.on_trial_result(None, tune_trial("search", name), result(epoch, value))
                == "CONTINUE"
            )
    return under


def result(epoch: int, value: float) -> dict[str, Any]:
    return {"epoch": epoch, "objective": value}


def test_the_median_of_the_means_decides() -> None:
    under = median_of(
        {"a": [0.1, 0.3], "b": [0.3, 0.5], "c": [0.5, 0.7]}
    )  # means 0.2, 0.4 and 0.6 after two epochs
    slow, good = tune_trial("search", "slow"), tune_trial("search", "good")
    assert (
        under.on_trial_result(None, slow, result(1, 0.3)) == "CONTINUE"
    )  # as good as the median is good enough
    assert under.on_trial_result(None, slow, result(2, 0.39)) == "STOP"
    assert under.on_trial_result(None, good, result(1, 0.41)) == "CONTINUE"
    assert under.on_trial_result(None, good, result(2, 0.41)) == "CONTINUE"
    assert under.on_trial_result(None, tune_trial("equal", "other"), result(1, 0.0)) == "CONTINUE"


def test_the_median_rule_waits_for_its_grace_period_and_for_enough_others() -> None:
    seen = {"a": [0.5, 0.5, 0.5], "b": [0.5, 0.5, 0.5]}
    bad = tune_trial("search", "bad")
    under = median_of(seen, min_samples_required=2, grace_period=3)
    decisions = [under.on_trial_result(None, bad, result(epoch, 0.1)) for epoch in (1, 2, 3)]
    assert decisions == ["CONTINUE", "CONTINUE", "STOP"]
    under = median_of(seen, min_samples_required=3)
    assert {under.on_trial_result(None, bad, result(epoch, 0.1)) for epoch in (1, 2, 3)} == {
        "CONTINUE"
    }


def test_the_median_rule_bears_trials_that_failed_died_or_ran_side_by_side() -> None:
    under = median_of({"a": [0.5, 0.5], "b": [0.5, 0.5], "c": [0.5, 0.5]})
    failed = tune_trial("search", "failed")
    under.on_trial_complete(None, failed, {"epoch": 0})  # a failure has no objective
    late = tune_trial("search", "late")
    for _ in range(2):  # it is begun again after its process died
        assert under.on_trial_result(None, late, result(1, 0.6)) == "CONTINUE"
    assert len(memory(under, "search")) == 4
    assert all(len(seen) <= 2 for seen in memory(under, "search").values())
    # Told to stop in a resumed sweep, which lets trials report one after another, it had gone on when they ran.
    unlucky = tune_trial("search", "unlucky")
    assert [under.on_trial_result(None, unlucky, result(e, 0.1)) for e in (1, 2)] == [
        "STOP",
        "STOP",
    ]


def test_arms_do_not_share_rungs() -> None:
    under = scheduler()
    stream = Stream(under)
    run(stream, range(4))
    for arm, other in (("equal", "search"), ("search", "equal")):
        seen = {name for _, recorded in rungs(under, arm) for name in recorded}
        assert seen
        assert not any(name.startswith(other) for name in seen)


def test_finalists_are_never_stopped_and_never_seen() -> None:
    under = scheduler()
    run(Stream(under), range(6))
    final = Stream(under)
    for number in range(6):
        assert final.trial("final/search", number).state == "COMPLETE"
    under.restore(final.record, objectives)
    assert {name for _, recorded in rungs(under, "search") for name in recorded}.isdisjoint(
        final.record.trials
    )


def test_fifo_stops_nobody() -> None:
    under = ArmScheduler(small.config({"training.epochs": EPOCHS}), 1)
    assert {decision for *_, decision in run(Stream(under), range(6))} == {"CONTINUE"}


def test_a_trial_whose_process_died_is_added_again_without_harm() -> None:
    under = scheduler()
    controller = Controller()
    for _ in range(2):
        under.on_trial_add(controller, tune_trial("search", 0))
    assert (
        under.on_trial_result(None, tune_trial("search", 0), {"epoch": 1, "objective": 0.5})
        == "CONTINUE"
    )


def test_as_many_actors_as_slots_are_kept_warm_once() -> None:
    under, controller = scheduler(slots=3), Controller()
    for number in range(4):
        under.on_trial_add(controller, tune_trial("search", number))
    assert (controller.increased, controller.pending) == ([("one CPU", 3)], [3])


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"grace_period": 10},
            "search.scheduler.grace_period: a whole number from 1 to 9 (training.epochs)",
        ),
        ({"grace_period": 0}, "search.scheduler.grace_period"),
        ({"grace_period": 1.5}, "search.scheduler.grace_period"),
        ({"grace_period": True}, "search.scheduler.grace_period"),
        ({"reduction_factor": 1}, "search.scheduler.reduction_factor: a number of at least 1.1"),
        ({"reduction_factor": "3"}, "search.scheduler.reduction_factor"),
        ({"brackets": 2}, "has no such argument"),
    ],
)
def test_arguments_that_asha_refuses(arguments: dict[str, Any], words: str) -> None:
    config = small.config(
        {"training.epochs": EPOCHS, "search.scheduler": {"name": "asha", **arguments}}
    )
    with pytest.raises(ConfigError) as caught:
        build_scheduler(config)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"grace_period": 10},
            "search.scheduler.grace_period: a whole number from 1 to 9 (training.epochs)",
        ),
        (
            {"min_samples_required": 0},
            "search.scheduler.min_samples_required: a whole number of at least 1",
        ),
        ({"min_samples_required": 2.5}, "search.scheduler.min_samples_required"),
        ({"hard_stop": False}, "has no such argument"),
    ],
)
def test_arguments_that_the_median_rule_refuses(arguments: dict[str, Any], words: str) -> None:
    config = small.config(
        {"training.epochs": EPOCHS, "search.scheduler": {"name": "median", **arguments}}
    )
    with pytest.raises(ConfigError) as caught:
        build_scheduler(config)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"interval": 9},
            "search.scheduler.interval: a whole number from 1 to 8 (less than training.epochs)",
        ),
        ({"interval": 0}, "search.scheduler.interval"),
        ({"interval": 1.5}, "search.scheduler.interval"),
        ({"quantile": 0.6}, "search.scheduler.quantile: a number from 0 to 0.5"),
        ({"resample": -0.1}, "search.scheduler.resample: a number from 0 to 1"),
        ({"factors": []}, "search.scheduler.factors: a list of numbers above 0"),
        ({"factors": [0.8, 0]}, "search.scheduler.factors"),
        ({"factors": 1.2}, "search.scheduler.factors"),
        ({"factors": [True]}, "search.scheduler.factors"),
        ({"generations": 3}, "has no such argument"),
    ],
)
def test_arguments_that_a_population_refuses(arguments: dict[str, Any], words: str) -> None:
    config = small.config(
        {"training.epochs": EPOCHS, "search.scheduler": {"name": "pbt", **arguments}}
    )
    with pytest.raises(ConfigError) as caught:
        build_scheduler(config)
    assert words in str(caught.value)


def test_a_population_has_rules_and_stops_nobody() -> None:
    config = small.config(
        {"training.epochs": EPOCHS, "search.scheduler": {"name": "pbt", "factors": [2]}}
    )
    assert pbt_config(config) == PBTConfig(2, 0.25, 0.25, (2.0,))
    assert pbt_config(small.config()) is None
    assert {decision for *_, decision in run(Stream(ArmScheduler(config, 1)), range(6))} == {
        "CONTINUE"
    }
    with pytest.raises(
        ConfigError, match=r"^training.epochs: a population meets between two epochs"
    ):
        build_scheduler(small.config({"training.epochs": 1, "search.scheduler": "pbt"}))


def test_what_is_no_scheduler_is_refused() -> None:
    config = small.config({"search.scheduler": "tests.support.small_sweeps:no_data"})
    with pytest.raises(ConfigError, match="a ray.tune.schedulers.TrialScheduler is needed"):
        build_scheduler(config)


def test_every_scheduler_has_a_test_here() -> None:
    assert set(SCHEDULERS) == {"fifo", "asha", "median", "pbt"}


def test_rungs_are_filled_when_they_are_first_needed(tmp_path: Path) -> None:
    """References may still change until an arm begins, and with them its objectives."""
    straight = Stream(scheduler())
    run(straight, range(3))
    asked: list[str] = []
    other = scheduler()
    other.restore(straight.record, lambda trial: asked.append(trial.id) or objectives(trial))  # type: ignore[func-returns-value]
    assert asked == []
    other.on_trial_add(Controller(), tune_trial("equal", 9))
    assert asked == ["equal-0", "equal-1", "equal-2"]
