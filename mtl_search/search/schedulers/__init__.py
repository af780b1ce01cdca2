"""When to stop a trial early: Ray Tune's schedulers, one for each arm.

Arms are judged by different numbers (a single-task arm by its own metric, the others by Δm), so they must not share
rungs or medians. Finalists are never stopped.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ray.tune.experiment import Trial
from ray.tune.schedulers import AsyncHyperBandScheduler, FIFOScheduler, TrialScheduler

from mtl_search.config import Config
from mtl_search.errors import ConfigError
from mtl_search.registry import Registry
from mtl_search.search.schedulers.actor_reuse import keep_starting
from mtl_search.search.schedulers.median import MedianStopping
from mtl_search.search.schedulers.pbt import Rules
from mtl_search.search.study import METRIC
from mtl_search.storage.records import FINAL, SweepRecord, TrialRecord


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
    check_number("grace_period", grace_period, 1, epochs, whole=True, limit="training.epochs")
    check_number("reduction_factor", reduction_factor, 1.1, math.inf)
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
    check_number("grace_period", grace_period, 1, epochs, whole=True, limit="training.epochs")
    check_number("min_samples_required", min_samples_required, 1, math.inf, whole=True)
    return MedianStopping(grace_period, min_samples_required)


class Population(FIFOScheduler):
    """Stops nobody; that the trials of an arm are a population is the searcher's business.

    Attributes:
        rules: Of the population.
    """

    def __init__(self, rules: Rules) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.rules = rules


def _pbt(
    epochs: int,
    interval: int = 2,
    quantile: float = 0.25,
    resample: float = 0.25,
    factors: Sequence[float] = (0.8, 1.25),
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
    if epochs < 2:
        raise ConfigError("a population meets between two epochs: 2 or more", path="training.epochs", value=epochs)
    check_number("interval", interval, 1, epochs - 1, whole=True, limit="less than training.epochs")
    check_number("quantile", quantile, 0, 0.5)
    check_number("resample", resample, 0, 1)
    numbers = isinstance(factors, list | tuple) and all(
        isinstance(f, int | float) and not isinstance(f, bool) and 0 < f < math.inf for f in factors
    )
    if not numbers or not factors:
        raise ConfigError("a list of numbers above 0 is needed", path="search.scheduler.factors", value=factors)
    return Population(Rules(interval, quantile, resample, tuple(map(float, factors))))


# FIFO, ASHA and the median rule look at the trial and its result alone.
_NO_CONTROLLER: Any = None


def check_number(
    name: str, value: object, low: float, high: float, *, whole: bool = False, limit: str = ""
) -> None:  # fmt: skip
    """Refuse an argument of a scheduler that is no number of this range.

    Args:
        name: Of the argument.
        value: As the config has it.
        low: Smallest value.
        high: Largest value.
        whole: Whether it must be a whole number.
        limit: Where the largest value comes from.

    Raises:
        ConfigError: It is none.
    """
    kinds = (int,) if whole else (int, float)
    if isinstance(value, bool) or not isinstance(value, kinds) or not low <= value <= high:
        limits = f"from {low:g} to {high:g}" if high < math.inf else f"of at least {low:g}"
        limits += f" ({limit})" if limit else ""
        what = f"a {'whole ' * whole}number {limits} is needed"
        raise ConfigError(what, path=f"search.scheduler.{name}", value=value)


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
        scheduler = SCHEDULERS.get_member(member.name, f"{path}.name")(config.training.epochs, **member.arguments)
    except (AssertionError, TypeError, ValueError) as error:
        if isinstance(error, ConfigError):
            raise
        hint = f"{error} (training.epochs = {config.training.epochs})"
        raise ConfigError(f"this scheduler cannot be made: {hint}", path=path, value=member.arguments) from error
    if not isinstance(scheduler, TrialScheduler):
        what = f"this gives a {type(scheduler).__name__} and no scheduler of Ray Tune"
        raise ConfigError(what, path=path, value=member.name)
    return scheduler


def population_rules(config: Config) -> Rules | None:
    """Those of the scheduler, where it makes the trials of an arm a population."""
    scheduler = build_scheduler(config)
    return scheduler.rules if isinstance(scheduler, Population) else None


class ArmScheduler(FIFOScheduler):
    """Passes each trial to the scheduler of its arm, under the trial's own lasting id.

    Args:
        config: Of the sweep.
        slots: Number of trials at a time; as many actors are kept warm between two trials.
    """

    def __init__(self, config: Config, slots: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._config = config
        self._slots = slots
        self._arms: dict[str, TrialScheduler] = {}
        self._earlier: list[TrialRecord] = []
        self._objectives: Callable[[TrialRecord], dict[int, float]] = lambda trial: {}
        self._known: set[str] = set()
        self._warm = False

    def restore(self, record: SweepRecord, objectives: Callable[[TrialRecord], dict[int, float]]) -> None:  # type: ignore[override]
        """Take in what the trials of earlier sessions reported.

        The rungs of an arm are filled when its first trial begins: in a sweep that was extended, the references that
        its objectives depend on may still change until then.
        """
        self._earlier = [trial for trial in record if not trial.is_finalist]
        self._objectives = objectives

    def on_trial_add(self, tune_controller: Any, trial: Trial) -> None:
        """Register the trial with its arm."""
        self._keep_slots_warm(tune_controller, trial)
        self._add(trial.config["arm"], trial.config["id"])

    def on_trial_result(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> str:
        """The arm's decision about a trial that is still running."""
        if trial.config["arm"].startswith(FINAL):
            return str(TrialScheduler.CONTINUE)
        return str(
            self._arm(trial.config["arm"]).on_trial_result(_NO_CONTROLLER, _stand_in(trial.config["id"]), result)
        )

    def on_trial_complete(self, tune_controller: Any, trial: Trial, result: dict[str, Any]) -> None:
        """The last result of a trial that ended by itself counts in the rungs, too."""
        if not trial.config["arm"].startswith(FINAL):
            self._arm(trial.config["arm"]).on_trial_complete(_NO_CONTROLLER, _stand_in(trial.config["id"]), result)

    def _add(self, arm: str, trial_id: str) -> None:
        scheduler = self._arm(arm)  # first: it takes in the trials of earlier sessions, and this may be one of them
        if trial_id not in self._known:  # a trial whose process died is added again
            self._known.add(trial_id)
            scheduler.on_trial_add(_NO_CONTROLLER, _stand_in(trial_id))

    def _arm(self, name: str) -> TrialScheduler:
        if name not in self._arms:
            self._arms[name] = build_scheduler(self._config)
            for trial in self._earlier:
                if trial.arm == name:
                    self._restore_trial(trial)
        return self._arms[name]

    def _restore_trial(self, trial: TrialRecord) -> None:
        self._add(trial.arm, trial.id)
        results = [{"epoch": epoch, METRIC: value} for epoch, value in self._objectives(trial).items()]
        if not trial.finished:
            # Whether to stop it at its last epoch was not written down; without that epoch it is decided again.
            results = results[:-1]
        for result in results:
            self._arm(trial.arm).on_trial_result(_NO_CONTROLLER, _stand_in(trial.id), result)

    def _keep_slots_warm(self, tune_controller: Any, trial: Trial) -> None:
        """Let Tune keep every idle actor, not one only.

        Between the arms all slots are idle for a moment; Tune would end all actors but one there
        (`ray/tune/utils/object_cache.py`, `may_keep_one`), and starting them again takes seconds.
        And let as many trials wait for an actor as there are slots (Tune's default for searchers is one), and each keep
        the actor that is starting for it.
        """
        if not self._warm:
            self._warm = True
            cache = tune_controller._actor_cache  # noqa: SLF001
            cache.increase_max(trial.placement_group_factory, by=self._slots)
            tune_controller.update_max_pending_trials(self._slots)
            keep_starting(tune_controller._tune_controller)  # noqa: SLF001  # the one behind the wrapper


@dataclass(frozen=True)
class _StandIn:
    """What a scheduler needs of a Tune trial: an id, here one that survives a restart; trials of one id are equal."""

    trial_id: str


def _stand_in(trial_id: str) -> Any:
    return _StandIn(trial_id)
