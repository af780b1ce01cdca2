"""What Optuna is told, and that a study rebuilt from records goes on as if nothing had happened."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import pytest
from optuna.trial import TrialState

from mtl_search.config import Component, SpaceEntry
from mtl_search.search.samplers import build_sampler
from mtl_search.search.space.space import Space
from mtl_search.search.study import ArmStudy
from mtl_search.storage.arm_name import SEARCH
from mtl_search.storage.events import State
from mtl_search.storage.records import EpochRecord, TrialRecord

ENTRIES: dict[str, dict[str, Any]] = {
    "tasks.*.loss_weight": {"log_ratio": 100, "reference": "a"},
    "model.sharing.depth": {"int": [0, 3]},
    "model.backbone.widths": {"choice": [[4], [8]], "when": {"model.sharing.depth": [0, 1]}},
    "training.optimizer.lr": {"log": [1e-4, 1e-1]},
}
SPACE = Space(
    {path: SpaceEntry.model_validate(entry) for path, entry in ENTRIES.items()}, ("a", "b"), {}
)


def study(sampler: str = "tpe", seed: int = 5, space: Callable[[Any], Any] = SPACE) -> ArmStudy:
    return ArmStudy("search", space, partial(build_sampler, Component(name=sampler)), seed)


class Driver:
    """Runs trials in a study by hand, and keeps the records that a journal would."""

    def __init__(self, arm: ArmStudy) -> None:
        self.study = arm
        self.records: list[TrialRecord] = []

    def begin(self) -> TrialRecord:
        number = len(self.records)
        draw = self.study.ask(f"t{number}", number)
        params, distributions = json.loads(json.dumps([draw.params, draw.distributions]))
        self.records.append(
            TrialRecord(f"t{number}", SEARCH, number, params, distributions, {}, 0, 0.0)
        )
        return self.records[-1]

    def epoch(self, record: TrialRecord, value: float) -> None:
        best = max([value, *(e.best_objective for e in record.epochs)])
        epoch = EpochRecord(len(record.epochs) + 1, {}, best, 0.0)
        record.epochs.append(epoch)
        self.study.report(record.id, epoch.epoch, best)

    def end(self, record: TrialRecord, state: State) -> None:
        record.state = state
        self.study.finish(record)

    def run(self, trials: int) -> None:
        """Trials of 3 epochs: each fifth fails, every fourth other one stops after 2 epochs."""
        for _ in range(trials):
            record = self.begin()
            state: State = (
                "FAIL"
                if record.number % 5 == 4
                else "PRUNED"
                if record.number % 4 == 3
                else "COMPLETE"
            )
            for epoch in range({"FAIL": 1, "PRUNED": 2, "COMPLETE": 3}[state]):
                self.epoch(record, _worth(record.params) + 0.1 * epoch)
            self.end(record, state)

    def restored(self) -> Driver:
        """The same records in a new study."""
        other = Driver(study())
        for record in self.records:
            other.study.restore_trial(record, objectives(record))
        other.records = list(self.records)
        return other

    @property
    def states(self) -> list[TrialState]:
        return [trial.state for trial in self.study._ot_study.trials]


def _worth(params: Mapping[str, Any]) -> float:
    return -float(abs(math.log10(params["training.optimizer.lr"]) + 2)) - 0.3 * float(
        params["model.sharing.depth"]
    )


def objectives(record: TrialRecord) -> dict[int, float]:
    return {epoch.epoch: epoch.best_objective for epoch in record.epochs}


def test_optuna_is_told_how_each_trial_ended() -> None:
    driver = Driver(study())
    driver.run(6)
    complete, pruned, fail = TrialState.COMPLETE, TrialState.PRUNED, TrialState.FAIL
    assert driver.states == [complete, complete, complete, pruned, fail, complete]
    trials = driver.study._ot_study.trials
    assert trials[0].value == driver.records[0].objective
    assert trials[3].intermediate_values == objectives(driver.records[3])
    assert trials[4].value is None


@pytest.mark.parametrize("state", ["FAIL", "COMPLETE"])
def test_a_trial_without_a_value_does_not_stay_running(state: State) -> None:
    driver = Driver(study())
    driver.end(driver.begin(), state)
    assert driver.states == [TrialState.FAIL]
    assert driver.restored().states == [TrialState.FAIL]


def test_a_trial_that_ends_is_forgotten() -> None:
    driver = Driver(study())
    driver.run(3)
    assert driver.study._ot_trials == {}
    assert driver.study._reported == {}


def test_an_epoch_that_is_reported_again_is_ignored() -> None:
    driver = Driver(study())
    record = driver.begin()
    driver.study.report(record.id, 1, 0.5)
    driver.study.report(record.id, 1, 0.7)
    driver.study.report(record.id, 2, 0.8)
    assert driver.study._ot_trials[record.id].storage.get_trial(0).intermediate_values == {
        1: 0.5,
        2: 0.8,
    }


@pytest.mark.parametrize("finished", [1, 4, 13, 18])
def test_a_rebuilt_study_draws_what_the_uninterrupted_one_draws(finished: int) -> None:
    straight = Driver(study())
    straight.run(finished)
    interrupted = straight.restored()
    straight.run(8)
    interrupted.run(8)
    assert len(straight.records) == finished + 8
    for one, other in zip(straight.records, interrupted.records, strict=True):
        assert one.params == other.params, one.number
        assert one.distributions == other.distributions
    assert straight.states == interrupted.states


def test_tpe_has_learnt_something_in_those_trials() -> None:
    """Otherwise the test above would compare random draws, which depend on the seed alone."""
    driver, random = Driver(study()), Driver(study("random"))
    driver.run(30)
    random.run(30)
    assert driver.records[25].params != random.records[25].params

    def late(of: Driver) -> float:
        return sum(_worth(record.params) for record in of.records[20:]) / 10

    assert late(driver) > late(random) + 0.2


def test_a_running_trial_is_restored_with_its_own_params_and_epochs() -> None:
    driver = Driver(study())
    driver.run(12)
    record = driver.begin()
    driver.epoch(record, 0.25)
    other = driver.restored()
    assert other.states == driver.states
    assert other.states[-1] is TrialState.RUNNING
    trial = other.study._ot_trials[record.id]
    assert trial.params == record.params
    assert trial.storage.get_trial(12).intermediate_values == {1: 0.25}
    driver.run(4)
    other.run(4)
    assert [r.params for r in driver.records[13:]] == [r.params for r in other.records[13:]]
    other.end(record, "COMPLETE")
    assert TrialState.RUNNING not in other.states


def test_several_running_trials_keep_their_own_params() -> None:
    driver = Driver(study())
    running = [driver.begin() for _ in range(4)]
    other = driver.restored()
    assert [other.study._ot_trials[record.id].params for record in running] == [
        record.params for record in running
    ]


def test_nothing_is_waiting_after_a_restore() -> None:
    driver = Driver(study())
    driver.study.enqueue({"tasks.b.loss_weight": 1.0})
    driver.begin()
    assert driver.records[0].params["tasks.b.loss_weight"] == 1.0
    assert TrialState.WAITING not in driver.restored().states


def test_nothing_is_enqueued_for_a_space_without_ratios() -> None:
    driver = Driver(study())
    driver.study.enqueue({})
    assert driver.states == []


def test_the_largest_seed_has_successors() -> None:
    driver = Driver(study("random", seed=2**32 - 1))
    driver.run(2)
    assert driver.records[0].params != driver.records[1].params


def test_the_users_function_may_return_constants() -> None:
    def mine(trial: Any) -> dict[str, Any]:
        return {"model.backbone.widths": [trial.suggest_int("width", 4, 8)] * 2}

    draw = study(space=mine).ask("t", 0)
    width = draw.params["width"]
    assert draw.values == {"width": width, "model.backbone.widths": [width] * 2}
