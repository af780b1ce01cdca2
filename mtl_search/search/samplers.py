"""Optuna's samplers by name, with Optuna's own arguments.

Optuna is imported when a sampler is built; what is checked here needs none of it.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mtl_search.config import Component
from mtl_search.config.checks import check_int
from mtl_search.registry import Registry, Settings

if TYPE_CHECKING:
    from optuna.samplers import BaseSampler

_PATH = "search.sampler"


@dataclass(frozen=True)
class TPE(Settings):
    """Tree-structured Parzen estimator (Bergstra et al. 2011), multivariate as in Optuna 5.

    Args:
        seed: Seed of its random numbers.
        n_startup_trials: Trials at random before the estimator suggests.
        n_ei_candidates: Candidates of which it takes the best.
        group: Whether values that occur together only in some trials are modelled in groups.
    """

    seed: int
    n_startup_trials: int = 10
    n_ei_candidates: int = 24
    group: bool = False

    def __post_init__(self) -> None:
        # Optuna takes any value here and fails at the first trial that it concerns.
        check_int(self.n_startup_trials, f"{_PATH}.n_startup_trials", low=0)
        check_int(self.n_ei_candidates, f"{_PATH}.n_ei_candidates")

    def create(self) -> BaseSampler:
        """Build Optuna's sampler."""
        from optuna.exceptions import ExperimentalWarning
        from optuna.samplers import TPESampler

        from mtl_search.search.studies.tpe import IncrementalTPESampler, is_known_optuna

        sampler = IncrementalTPESampler if is_known_optuna() else TPESampler
        options: dict[str, Any] = {"multivariate": True, "group": True} if self.group else {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ExperimentalWarning)  # of `group`
            return sampler(
                seed=self.seed,
                n_startup_trials=self.n_startup_trials,
                n_ei_candidates=self.n_ei_candidates,
                **options,
            )


@dataclass(frozen=True)
class Random(Settings):
    """Independent random draws: the baseline of any search.

    Args:
        seed: Seed of its random numbers.
    """

    seed: int

    def create(self) -> BaseSampler:
        """Build Optuna's sampler."""
        from optuna.samplers import RandomSampler

        return RandomSampler(seed=self.seed)


SAMPLERS: Registry[Any] = Registry(
    "sampler",
    {"tpe": TPE, "random": Random},
    given=("seed",),
    base="optuna.samplers:BaseSampler",
)


def build_sampler(member: Component, seed: int) -> BaseSampler:
    """Build the sampler that `search.sampler` names.

    Raises:
        ConfigError: An unknown name or argument, a value that the sampler refuses, or code of the
            user's that gives no sampler.
    """
    sampler: BaseSampler = SAMPLERS.build(member.name, member.arguments, _PATH, seed)
    return sampler


def check_sampler(member: Component, seed: int) -> None:
    """Check the sampler that `search.sampler` names, without importing Optuna for ours.

    Raises:
        ConfigError: As of `build_sampler`.
    """
    SAMPLERS.prepare(member.name, member.arguments, _PATH, seed)
