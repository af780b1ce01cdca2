"""Trials that answer some suggestions themselves."""

from __future__ import annotations

from typing import Any

import optuna
import pytest
from optuna.samplers import RandomSampler

from mtl_search.search.space.trial_proxy import RestrictedTrial


def test_a_restricted_trial_holds_weights_and_depth() -> None:
    study = optuna.create_study(sampler=RandomSampler(seed=0))
    drawn = study.ask()
    trial: Any = RestrictedTrial(drawn, lambda path: "loss_weight" in path or "sharing" in path)
    assert trial.suggest_float("tasks.a.loss_weight", 0.1, 10, log=True) == 1.0
    assert trial.suggest_float("tasks.b.loss_weight", 2.0, 10) == 2.0
    assert trial.suggest_float("tasks.c.loss_weight", 0.1, 0.5) == 0.5
    assert trial.suggest_int("model.sharing.depth", 0, 4) == 4
    assert trial.suggest_categorical("model.sharing.name", ["hard", "soft"]) == "hard"
    lr = trial.suggest_float("training.optimizer.lr", 1e-4, 1e-2, log=True)
    assert trial.suggest_int("training.batch_size", 8, 9) in (8, 9)
    assert trial.number == 0
    assert set(drawn.params) == {"training.optimizer.lr", "training.batch_size"}
    assert drawn.params["training.optimizer.lr"] == lr


def test_a_restricted_trial_is_otherwise_the_trial_itself() -> None:
    drawn = optuna.create_study(sampler=RandomSampler(seed=0)).ask()
    trial: Any = RestrictedTrial(drawn, lambda path: False)
    value = trial.suggest_float("x", 0.0, 1.0, step=0.25)
    assert value in (0.0, 0.25, 0.5, 0.75, 1.0)
    assert trial.suggest_categorical("y", ["only"]) == "only"
    assert trial.params == {"x": value, "y": "only"}
    with pytest.raises(AttributeError, match="nothing"):
        _ = trial.nothing
