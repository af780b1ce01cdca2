"""Optuna's samplers by name, with Optuna's own arguments."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from optuna.samplers import BaseSampler, RandomSampler, TPESampler

from mtl_search.registry import Registry


def _tpe(seed: int, n_startup_trials: int = 10, n_ei_candidates: int = 24, group: bool = False) -> BaseSampler:
    """Tree-structured Parzen estimator (Bergstra et al. 2011), multivariate as Optuna 5 has it by default."""
    extra: dict[str, Any] = {"multivariate": True, "group": True} if group else {}
    return TPESampler(seed=seed, n_startup_trials=n_startup_trials, n_ei_candidates=n_ei_candidates, **extra)


def _random(seed: int) -> BaseSampler:
    """Independent random draws: the baseline of any search."""
    return RandomSampler(seed=seed)


SAMPLERS: Registry[Callable[..., BaseSampler]] = Registry("sampler", {"tpe": _tpe, "random": _random}, given=("seed",))
