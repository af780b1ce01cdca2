"""A trial of the journal is what Optuna would have kept of it."""

from __future__ import annotations

import json
from datetime import datetime

import optuna
import pytest
from optuna.trial import FrozenTrial, TrialState

from mtl_search.search.studies.trials import frozen_trial
from mtl_search.storage.arm_name import SEARCH
from mtl_search.storage.trial_info import State
from mtl_search.storage.trial_record import EpochRecord, Exploit, TrialRecord

LR = "training.optimizer.lr"
FLOAT = json.dumps(
    {
        "name": "FloatDistribution",
        "attributes": {"step": None, "low": 0.001, "high": 0.1, "log": True},
    }
)


def record(state: State, objectives: tuple[float, ...] = (0.25, 0.5)) -> TrialRecord:
    made = TrialRecord(
        "search-0003", SEARCH, 3, {LR: 0.01, "const": 1}, {LR: FLOAT}, {}, 7, 1_700_000_000.0
    )
    made.state, made.ended = state, 1_700_000_060.0
    made.epochs = [EpochRecord(n, {}, v, 0.0) for n, v in enumerate(objectives, 1)]
    return made


def told_by_optuna(state: TrialState, objectives: tuple[float, ...]) -> FrozenTrial:
    """What Optuna keeps of such a trial that it has run itself."""
    study = optuna.create_study(direction="maximize")
    study.enqueue_trial({LR: 0.01})
    trial = study.ask()
    trial.suggest_float(LR, 0.001, 0.1, log=True)
    for epoch, value in enumerate(objectives, 1):
        trial.report(value, epoch)
    complete = state is TrialState.COMPLETE
    study.tell(trial, max(objectives) if complete else None, state=state)
    return study.trials[0]


@pytest.mark.parametrize("state", ["COMPLETE", "PRUNED", "FAIL"])
def test_a_trial_is_as_optuna_would_have_kept_it(state: State) -> None:
    made = frozen_trial(record(state))
    theirs = told_by_optuna(TrialState[state], (0.25, 0.5))
    for name in ("state", "value", "params", "distributions", "intermediate_values"):
        assert getattr(made, name) == getattr(theirs, name), name


def test_a_complete_trial_without_objective_counts_as_failed() -> None:
    made = frozen_trial(record("COMPLETE", ()))
    assert (made.state, made.value) == (TrialState.FAIL, None)


def test_a_running_trial_has_neither_value_nor_end() -> None:
    made = frozen_trial(record("RUNNING"))
    assert (made.state, made.value, made.datetime_complete) == (TrialState.RUNNING, None, None)
    assert made.intermediate_values == {1: 0.25, 2: 0.5}


def test_other_objectives_take_the_place_of_the_journals() -> None:
    assert frozen_trial(record("COMPLETE"), {1: 3.0}).value == 3.0


def test_a_member_of_a_population_keeps_what_it_began_with() -> None:
    made = record("COMPLETE")
    made.exploits = [Exploit(1, "search-0000", {LR: 0.02}, {})]
    assert frozen_trial(made).params == {LR: 0.02}


def test_times_are_local_as_optunas() -> None:
    made = frozen_trial(record("COMPLETE"))
    expected = datetime.fromtimestamp(1_700_000_000)  # noqa: DTZ006  # Optuna's have no zone
    assert made.datetime_start == expected
    assert made.duration is not None
    assert made.duration.total_seconds() == 60


def test_user_attributes_are_kept() -> None:
    assert frozen_trial(record("COMPLETE"), user_attrs={"id": "x"}).user_attrs == {"id": "x"}
