"""Optuna's samplers by name, with Optuna's own arguments."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

from optuna.exceptions import ExperimentalWarning
from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from mtl_search.config import Component
from mtl_search.errors import ConfigError
from mtl_search.registry import Registry


def _tpe(
    seed: int, n_startup_trials: int = 10, n_ei_candidates: int = 24, group: bool = False
) -> BaseSampler:
    """Tree-structured Parzen estimator (Bergstra et al. 2011), multivariate as Optuna 5 has it by default."""
    _whole("n_startup_trials", n_startup_trials, 0)
    _whole("n_ei_candidates", n_ei_candidates, 1)
    extra: dict[str, Any] = {"multivariate": True, "group": True} if group else {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ExperimentalWarning)  # of `group`
        return TPESampler(
            seed=seed, n_startup_trials=n_startup_trials, n_ei_candidates=n_ei_candidates, **extra
        )


def _random(seed: int) -> BaseSampler:
    """Independent random draws: the baseline of any search."""
    return RandomSampler(seed=seed)


def _whole(name: str, value: object, low: int) -> None:
    """Optuna takes any value here and fails at the first trial that it concerns."""
    if isinstance(value, bool) or not isinstance(value, int) or value < low:
        raise ConfigError(
            f"a whole number of at least {low} is needed",
            path=f"search.sampler.{name}",
            value=value,
        )


SAMPLERS: Registry[Callable[..., BaseSampler]] = Registry(
    "sampler", {"tpe": _tpe, "random": _random}, given=("seed",)
)


def build_sampler(member: Component, seed: int) -> BaseSampler:
    """The sampler that `search.sampler` names.

    Raises:
        ConfigError: Unknown name or argument, a value that it refuses, or code of the user's that gives no sampler.
    """
    path = "search.sampler"
    SAMPLERS.check_arguments(member.name, member.arguments, path)
    try:
        sampler = SAMPLERS.get_member(member.name, f"{path}.name")(seed, **member.arguments)
    except (TypeError, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        raise ConfigError(
            f"this sampler cannot be made: {error}", path=path, value=member.arguments
        ) from error
    if not isinstance(sampler, BaseSampler):
        what = f"this gives a {type(sampler).__name__} and no sampler of Optuna"
        raise ConfigError(what, path=path, value=member.name)
    return sampler
