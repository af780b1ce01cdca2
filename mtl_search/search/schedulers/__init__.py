"""When to stop a trial early: Ray Tune's schedulers, one for each arm.

Arms are judged by different numbers (a single-task arm by its own metric, the others by Δm), so they must not share
rungs or medians. Finalists are never stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ray.tune.schedulers import AsyncHyperBandScheduler, FIFOScheduler, TrialScheduler

from mtl_search.config import Config
from mtl_search.config.checks import check_int, check_number
from mtl_search.errors import ConfigError
from mtl_search.registry import Registry
from mtl_search.search.pbt.algorithm import PBTConfig
from mtl_search.search.schedulers.median import MedianStopping
from mtl_search.training.trial_report import METRIC

_PATH = "search.scheduler"


def _fifo(epochs: int) -> TrialScheduler:
    """Every trial trains to its end."""
    return FIFOScheduler()


def _asha(epochs: int, grace_period: int = 1, reduction_factor: float = 3) -> TrialScheduler:
    """Asynchronous successive halving (Li et al., "Massively Parallel Hyperparameter Tuning", 2020).

    Args:
        epochs: Of a trial that is not stopped.
        grace_period: Epochs that every trial gets.
        reduction_factor: Of the trials at a rung, one in this many goes on; at least 1.1.

    There is one bracket: Ray would give each trial one of several by chance, which a resumed sweep could not repeat.
    """
    check_int(grace_period, f"{_PATH}.grace_period", high=epochs, limit="training.epochs")
    check_number(reduction_factor, f"{_PATH}.reduction_factor", low=1.1)
    return AsyncHyperBandScheduler(
        time_attr="epoch",
        metric=METRIC,
        mode="max",
        max_t=epochs,
        grace_period=grace_period,
        reduction_factor=reduction_factor,
        brackets=1,
        # The last rung is the trial's own end; without this a trial that survived it could still be told to stop.
        stop_last_trials=False,
    )


def _median(epochs: int, grace_period: int = 1, min_samples_required: int = 3) -> TrialScheduler:
    """Stops a trial whose best is below the median of the others' means so far (Golovin et al., "Vizier", 2017).

    Args:
        epochs: Of a trial that is not stopped.
        grace_period: Epochs that every trial gets, and from which on the means are taken.
        min_samples_required: Other trials that must have got as far before one is stopped.
    """
    check_int(grace_period, f"{_PATH}.grace_period", high=epochs, limit="training.epochs")
    check_int(min_samples_required, f"{_PATH}.min_samples_required")
    return MedianStopping(grace_period, min_samples_required)


def _pbt(
    epochs: int,
    interval: int = PBTConfig.interval,
    quantile: float = PBTConfig.quantile,
    resample: float = PBTConfig.resample,
    factors: Sequence[float] = PBTConfig.factors,
) -> TrialScheduler:
    """Population based training: loss weights and learning rates change while networks train (Jaderberg et al. 2017).

    The trials of an arm are its population. Every `interval` epochs the worst take over the networks of the best, with
    values near theirs. After its end the arm gets two more trials, from scratch with fixed values: those that the best
    member had at its end, and those that the population had on average. Only these two may be the arm's best.

    Args:
        epochs: Of a trial.
        interval: Epochs between two exchanges.
        quantile: Part of the population that takes over a network, at most 0.5; at least one of two members does.
        resample: Probability that a value is drawn anew instead of being multiplied.
        factors: What values are multiplied by, one of these; whole numbers go up or down by 1.
    """
    PBTConfig.checked(
        epochs, interval=interval, quantile=quantile, resample=resample, factors=factors
    )
    return FIFOScheduler()  # `pbt.controller` makes the exchanges; Tune stops nobody


SCHEDULERS: Registry[Callable[..., TrialScheduler]] = Registry(
    "scheduler", {"fifo": _fifo, "asha": _asha, "median": _median, "pbt": _pbt}, given=("epochs",)
)


def build_scheduler(config: Config) -> TrialScheduler:
    """The scheduler of one arm.

    Raises:
        ConfigError: Unknown name or argument, or a value that Ray refuses.
    """
    member, path = config.search.scheduler, "search.scheduler"
    SCHEDULERS.check_arguments(member.name, member.arguments, path)
    try:
        scheduler = SCHEDULERS.get_member(member.name, f"{path}.name")(
            config.training.epochs, **member.arguments
        )
    except (AssertionError, TypeError, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        hint = f"{error} (training.epochs = {config.training.epochs})"
        raise ConfigError(
            f"this scheduler cannot be made: {hint}", path=path, value=member.arguments
        ) from error
    if not isinstance(scheduler, TrialScheduler):
        what = f"this gives a {type(scheduler).__name__} and no scheduler of Ray Tune"
        raise ConfigError(what, path=path, value=member.name)
    return scheduler
