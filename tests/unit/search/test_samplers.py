"""Samplers by name, checked without Optuna and built with it."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import optuna
import pytest

from mtl_search.config import Component
from mtl_search.errors import ConfigError
from mtl_search.search.samplers import build_sampler, check_sampler


def test_samplers_are_built_with_their_arguments() -> None:
    sampler: Any = build_sampler(
        Component.model_validate({"name": "tpe", "n_startup_trials": 3, "group": True}), 1
    )
    assert (sampler._n_startup_trials, sampler._group) == (3, True)
    with pytest.raises(ConfigError, match="at least 0"):
        build_sampler(Component.model_validate({"name": "tpe", "n_startup_trials": True}), 1)
    with pytest.raises(ConfigError, match=r"a optuna.samplers.BaseSampler is needed"):
        build_sampler(Component.model_validate({"name": "tests.support.small_sweeps:no_data"}), 1)


def test_a_check_finds_the_same_mistakes() -> None:
    with pytest.raises(ConfigError, match="at least 0"):
        check_sampler(Component.model_validate({"name": "tpe", "n_startup_trials": -1}), 1)
    with pytest.raises(ConfigError, match="did you mean 'random'"):
        check_sampler(Component(name="randm"), 1)


def test_a_check_does_not_import_optuna() -> None:
    program = (
        "import sys; from mtl_search.config import Component\n"
        "from mtl_search.search.samplers import check_sampler\n"
        "check_sampler(Component(name='tpe'), 1); assert 'optuna' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_sampler_draws_the_same_from_the_same_seed() -> None:
    for name in ("tpe", "random"):
        component = Component.model_validate({"name": name})
        first, again, other = (
            optuna.create_study(sampler=build_sampler(component, seed))
            .ask()
            .suggest_float("x", 0, 1)
            for seed in (3, 3, 4)
        )
        assert first == again != other


def test_a_sampler_of_optuna_gets_the_seed_by_its_name() -> None:
    """In front of `seed`, Optuna's samplers have other arguments."""
    draws = []
    for seed in (3, 3, 4):
        sampler = build_sampler(Component(name="optuna.samplers:TPESampler"), seed)
        study = optuna.create_study(sampler=sampler)
        draws.append(study.ask().suggest_float("x", 0, 1))
    assert draws[0] == draws[1] != draws[2]
