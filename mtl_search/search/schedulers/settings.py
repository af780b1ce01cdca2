"""Arguments of the schedulers, checked without Ray, which is imported when one is built."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from mtl_search.config.checks import check_int, check_number
from mtl_search.errors import ConfigError
from mtl_search.registry import Settings
from mtl_search.search.schedulers.population import PBTConfig
from mtl_search.training.trial_report import METRIC

if TYPE_CHECKING:
    from ray.tune.schedulers import TrialScheduler

_PATH = "search.scheduler"

# Where the default grace period of the median rule ends: that of ASHA with this factor.
_MEDIAN_FACTOR = 3


@dataclass(frozen=True)
class FIFO(Settings):
    """Every trial trains to its end.

    Args:
        epochs: Epochs of a trial.
    """

    epochs: int
    stop_epochs: ClassVar[tuple[int, ...]] = ()

    def create(self) -> TrialScheduler:
        """Build Ray's scheduler."""
        from ray.tune.schedulers import FIFOScheduler

        return FIFOScheduler()


@dataclass(frozen=True)
class ASHA(Settings):
    """Asynchronous successive halving (Li et al. 2020).

    Source: Li et al., "A System for Massively Parallel Hyperparameter Tuning", MLSys 2020.

    There is one bracket: Ray would give each trial one of several by chance, which a resumed sweep
    could not repeat. Its rungs are at grace_period · reduction_factor^k epochs, k = 0, 1, ...

    Args:
        epochs: Epochs of a trial that is not stopped.
        grace_period: Epochs that every trial gets. By default epochs / reduction_factor², rounded
            up: two rungs before the end, at a ninth and a third of the epochs where the factor
            is 3.
        reduction_factor: The share of the trials at a rung that goes on is 1 over this; at least
            1.1.
    """

    epochs: int
    grace_period: int | None = None
    reduction_factor: float = 3

    def __post_init__(self) -> None:
        _check_grace_period(self.grace_period, self.epochs)
        check_number(self.reduction_factor, f"{_PATH}.reduction_factor", low=1.1)

    @property
    def first_rung(self) -> int:
        """The grace period that holds."""
        if self.grace_period is not None:
            return self.grace_period
        return _default_grace_period(self.epochs, self.reduction_factor)

    @property
    def stop_epochs(self) -> tuple[int, ...]:
        """The epochs after which a trial may be stopped: the first ones at or after a rung."""
        epochs = []
        rung: float = self.first_rung
        while rung <= self.epochs:
            epochs.append(math.ceil(rung))
            rung = self.first_rung * self.reduction_factor ** len(epochs)
        return tuple(dict.fromkeys(epochs))

    def create(self) -> TrialScheduler:
        """Build Ray's scheduler."""
        from ray.tune.schedulers import AsyncHyperBandScheduler

        return AsyncHyperBandScheduler(
            time_attr="epoch",
            metric=METRIC,
            mode="max",
            max_t=self.epochs,
            grace_period=self.first_rung,
            reduction_factor=self.reduction_factor,
            brackets=1,
            # The last rung is the trial's own end; without this a trial that survived it could
            # still be told to stop.
            stop_last_trials=False,
        )


@dataclass(frozen=True)
class Median(Settings):
    """Stops a trial whose best is below the median of the others' means so far (Vizier, 2017).

    Source: Golovin et al., "Google Vizier: A Service for Black-Box Optimization", KDD 2017.

    Args:
        epochs: Epochs of a trial that is not stopped.
        grace_period: Epochs that every trial gets, and from which on the means are taken. By
            default a ninth of the epochs, rounded up.
        min_samples_required: Other trials that must have got as far before one is stopped.
    """

    epochs: int
    grace_period: int | None = None
    min_samples_required: int = 3

    def __post_init__(self) -> None:
        _check_grace_period(self.grace_period, self.epochs)
        check_int(self.min_samples_required, f"{_PATH}.min_samples_required")

    def create(self) -> TrialScheduler:
        """Build the scheduler."""
        from mtl_search.search.schedulers.median import MedianStopping

        grace_period = self.grace_period
        if grace_period is None:
            grace_period = _default_grace_period(self.epochs, _MEDIAN_FACTOR)
        return MedianStopping(grace_period, self.min_samples_required)


@dataclass(frozen=True)
class PBT(Settings):
    """Population based training: loss weights and learning rates change while networks train.

    Source: Jaderberg et al., "Population Based Training of Neural Networks", 2017.

    The trials of an arm are its population. Every `interval` epochs the worst take over the
    networks of the best, with values near theirs. After its end the arm gets two more trials, from
    scratch with fixed values: those that the best member had at its end, and those that the
    population had on average. Only these two may be the arm's best.

    Args:
        epochs: Epochs of a trial.
        interval: Epochs between two exchanges.
        quantile: Part of the population that takes over a network, at most 0.5; at least one of two
            members does.
        resample: Probability that a value is drawn anew instead of being multiplied.
        factors: Factors, one of which multiplies a value; whole numbers go up or down by 1.
    """

    epochs: int
    interval: int = 2
    quantile: float = 0.25
    resample: float = 0.25
    factors: Sequence[float] = (0.8, 1.25)
    stop_epochs: ClassVar[tuple[int, ...]] = ()

    def __post_init__(self) -> None:
        if self.epochs < 2:
            message = "a population meets between two epochs: 2 or more"
            raise ConfigError(message, path="training.epochs", value=self.epochs)
        limit = "less than training.epochs"
        check_int(self.interval, f"{_PATH}.interval", high=self.epochs - 1, limit=limit)
        check_number(self.quantile, f"{_PATH}.quantile", high=0.5)
        check_number(self.resample, f"{_PATH}.resample", high=1)
        is_list = isinstance(self.factors, list | tuple) and len(self.factors) > 0
        if not is_list or not all(_is_factor(factor) for factor in self.factors):
            message = "a list of numbers above 0 is needed"
            raise ConfigError(message, path=f"{_PATH}.factors", value=self.factors)

    @property
    def rules(self) -> PBTConfig:
        """The rules of the population."""
        factors = tuple(float(factor) for factor in self.factors)
        return PBTConfig(self.interval, self.quantile, self.resample, factors)

    def create(self) -> TrialScheduler:
        """Build a scheduler that stops nobody: `pbt.controller` makes the exchanges."""
        from ray.tune.schedulers import FIFOScheduler

        return FIFOScheduler()


def _check_grace_period(grace_period: int | None, epochs: int) -> None:
    if grace_period is not None:
        check_int(grace_period, f"{_PATH}.grace_period", high=epochs, limit="training.epochs")


def _default_grace_period(epochs: int, factor: float) -> int:
    """Return the epochs that every trial gets: those before the first of two rungs.

    Rounded down, the second rung times the factor could be a third one just before the end (18 of
    20 epochs), which saves next to nothing.
    """
    return max(1, math.ceil(epochs / factor**2 - 1e-9))


def _is_factor(value: object) -> bool:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return is_number and 0 < value < math.inf  # type: ignore[operator]
