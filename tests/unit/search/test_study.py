"""What Optuna is told, and that a study rebuilt from records goes on as if nothing had happened."""

from __future__ import annotations

import json
import math
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from optuna.trial import TrialState

from mtl_search.config import Component, SpaceEntry
from mtl_search.search.samplers import build_sampler
from mtl_search.search.space.space import Space
from mtl_search.search.study import ArmStudy
from mtl_search.storage.arm_name import SEARCH
from mtl_search.storage.trial_info import State
from mtl_search.storage.trial_record import EpochRecord, TrialRecord
from tests.support import small_sweeps as small
from tests.support.fake_tune import FakeTune, Session

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


@pytest.mark.parametrize("arguments", [{}, {"group": True}])
def test_the_distributions_are_compared_once_and_draws_stay_the_same(
    monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any]
) -> None:
    """Two trials run at a time, so that a trial may end after a later one."""

    def drawn() -> list[Any]:
        sampler = partial(build_sampler, Component(name="tpe", **arguments))
        driver = Driver(ArmStudy("search", SPACE, sampler, 5))
        for _ in range(12):
            first, second = driver.begin(), driver.begin()
            for record in (second, first):
                driver.epoch(record, _worth(record.params))
                driver.end(record, "PRUNED" if record.number % 3 == 2 else "COMPLETE")
        return [record.params for record in driver.records]

    kept = drawn()
    monkeypatch.setattr("mtl_search.search.study._keep_history", lambda old, new: None)
    assert kept == drawn()


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


# -------------------------------------------------------- the search begins with the equal arm's

# TPE that learns from the second trial on.
EAGER = {"search.sampler": {"name": "tpe", "n_startup_trials": 2}}
RATIOS = {"tasks.size.loss_weight": 1.0, "tasks.flag.loss_weight": 1.0}


def until_search(fake: FakeTune, finished: int = 0) -> None:
    """Run a sweep until the search arm has ended so many trials and begun the next."""
    while True:
        trial = str(fake.suggest())
        if len(fake.record.arm("search")) > finished:
            return
        fake.end(trial)


def history(fake: FakeTune) -> list[Any]:
    trials: list[Any] = fake.searcher._studies.of("search")._ot_study.get_trials()
    return trials


@pytest.mark.parametrize("objective", ["skill", "delta_m"])
def test_the_study_of_the_search_holds_the_trials_of_equal_weights(
    session: Session, objective: str
) -> None:
    fake = session(small.config({"search.objective": objective}), slots=1)
    until_search(fake)
    *told, running = history(fake)
    equal = fake.record.arm("equal")
    assert running.state is TrialState.RUNNING
    assert [trial.user_attrs["trial"] for trial in told] == [record.id for record in equal]
    assert [trial.value for trial in told] == [record.objective for record in equal]
    assert [trial.params for trial in told] == [{**record.params, **RATIOS} for record in equal]
    for trial in told:
        assert trial.state is TrialState.COMPLETE
        assert trial.distributions == running.distributions


def test_history_is_by_the_reference_that_holds_now(session: Session) -> None:
    config = small.config({"search.objective": "delta_m", "search.finalists.top": 0})
    first = session(config, slots=1)
    first.run()
    first.kill()
    longer = session(small.config({"search.objective": "delta_m", "search.trials": 5}), slots=1)
    while (trial := str(longer.suggest())) in longer.live and not longer.live[trial].id.startswith(
        "search"
    ):
        is_single = "single" in longer.live[trial].id
        if is_single:
            longer.end(trial, kind_accuracy=0.95, size_r2=0.95, size_mae=0.05)
        else:
            longer.end(trial)
    equal = [record for record in longer.record.arm("equal") if not record.is_offered]
    assert len(equal) == 5
    told = [trial for trial in history(longer) if "trial" in trial.user_attrs]
    assert [trial.value for trial in told] == [longer.objectives.best(record) for record in equal]
    assert all(trial.value < 0 for trial in told)  # by the earlier references some were gains
    assert any(record.best_objective > 0 for record in first.record.arm("equal"))


def test_failed_and_offered_trials_are_no_history_and_stopped_ones_are(session: Session) -> None:
    fake = session(slots=1)
    states = {"equal-0001": "FAIL", "equal-0002": "PRUNED"}
    fake.run(lambda spec: states.get(spec.id, "COMPLETE"))
    assert [trial for trial in fake.record.arm("equal") if trial.is_offered]
    fake.kill()
    told = [trial.user_attrs.get("trial") for trial in history(session(slots=1))]
    assert told == ["equal-0000", "equal-0002", "equal-0003", *[None] * 4]


@pytest.mark.parametrize(
    "changes", [{"search.arms": ["single", "search"]}, {"training.weighting": "uw"}]
)
def test_the_search_begins_with_equal_weights_where_it_has_no_history(
    session: Session, changes: dict[str, Any]
) -> None:
    fake = session(small.config(changes), slots=1)
    until_search(fake)
    (first,) = history(fake)
    assert first.state is TrialState.RUNNING
    assert {path: first.params[path] for path in RATIOS} == RATIOS


def test_the_search_draws_by_what_equal_weights_have_found(session: Session) -> None:
    """Otherwise the test below would compare draws that depend on the seed alone."""

    def first_draw(fake: FakeTune, best: str) -> dict[str, Any]:
        while not fake.record.arm("search"):
            trial = str(fake.suggest())
            name = fake.live[trial].id
            if not name.startswith("search"):
                value = 0.9 if name == best else 0.5
                fake.end(trial, kind_accuracy=value, size_r2=value, size_mae=1 - value)
        return fake.record.trials["search-0000"].params

    one = first_draw(session(small.config(EAGER), slots=1), "equal-0000")
    with tempfile.TemporaryDirectory() as folder:
        other = FakeTune(small.config(EAGER), Path(folder), slots=1)
        assert first_draw(other, "equal-0003") != one
        other.kill()


@pytest.mark.parametrize("finished", [0, 1, 3])
@pytest.mark.parametrize("objective", ["skill", "delta_m"])
def test_a_resumed_search_draws_what_the_uninterrupted_one_draws(
    session: Session, finished: int, objective: str
) -> None:
    config = small.config({**EAGER, "search.objective": objective, "search.finalists.top": 0})
    with tempfile.TemporaryDirectory() as folder:
        straight = FakeTune(config, Path(folder), slots=1)
        straight.run()
        straight.kill()
    fake = session(config, slots=1)
    until_search(fake, finished)
    fake.kill()
    resumed = session(config, slots=1)
    resumed.run()

    def outcome(of: FakeTune) -> list[Any]:
        return [(t.id, t.params, t.seed, t.role, t.origin) for t in of.record]

    assert outcome(resumed) == outcome(straight)
