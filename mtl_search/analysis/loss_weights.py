"""Loss weights as plain numbers: normalised, and those of a trial, adaptive or not."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from mtl_search.errors import ConfigError, SweepError
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord

FLOOR = 0.01
_LOGGED = "train/weight/"


def normalised_weights(ratios: Mapping[str, float]) -> dict[str, float]:
    """Return weights in the given ratios that sum to the number of tasks, each at least `FLOOR`.

    Where the floor lifts some, the others keep their ratios and share what is left.

    Examples:
        >>> normalised_weights({"left": 3.0, "right": 1.0})
        {'left': 1.5, 'right': 0.5}
    """
    total = float(len(ratios))
    lifted: set[str] = set()
    while True:
        free = {task: ratio for task, ratio in ratios.items() if task not in lifted}
        scale = (total - FLOOR * len(lifted)) / sum(free.values())
        low = {task for task, ratio in free.items() if ratio * scale < FLOOR}
        if not low:
            return {task: FLOOR if task in lifted else ratios[task] * scale for task in ratios}
        lifted |= low


def is_adaptive(trial: TrialRecord) -> bool:
    """Return whether a weighting or an aggregator decided how much the trial's tasks counted."""
    return bool(trial.info.get("adaptive", False))


def mean_weights(trial: TrialRecord, last: int | None = None) -> dict[str, float]:
    """Return the static loss weights that do on average what a trial did.

    For an adaptive trial they are the arithmetic mean over epochs of `train/weight/<task>`:
    gradients add up, so the mean weight is what a task's gradients were multiplied by on average.
    The mean of the logarithms would be nearer to the scale on which weights are searched, but has
    no answer where a method gives a task 0 in one epoch (MGDA) or less (IMTL-G). For a static trial
    they are its loss weights.

    Args:
        trial: The trial, adaptive or not.
        last: Number of epochs that count, the last ones; None: all.

    Returns:
        Task → weight. They sum to the number of tasks, and each is at least `FLOOR`.

    Raises:
        ConfigError: `last` is no whole number above 0.
        SweepError: The trial has no weights to export.
    """
    if last is not None and (isinstance(last, bool) or not isinstance(last, int) or last < 1):
        raise ConfigError("a whole number of 1 or more is needed", path="last", value=last)
    if not trial.epochs:
        raise SweepError(
            f"trial {trial.id} has not got to the end of an epoch, so it has no weights to export"
        )
    weights = _logged_mean(trial, last) if is_adaptive(trial) else trial.info["weights"]
    positive = {task: max(0.0, weight) for task, weight in weights.items()}
    if not sum(positive.values()) > 0:
        raise SweepError(
            f"no task of trial {trial.id} has a weight above 0, so there is nothing to export"
        )
    return normalised_weights(positive)


def shown_weights(trial: TrialRecord) -> Mapping[str, float]:
    """Return how much each task counted: the mean of the logged weights, else the loss weight."""
    epochs = _logged(trial) if is_adaptive(trial) else []
    return _mean(epochs) if epochs else trial.info.get("weights") or {}


def best_adaptive(record: SweepRecord) -> TrialRecord | None:
    """Return the best adaptive trial that is no finalist; None where none logged its weights."""
    adaptive = [trial for trial in record if is_adaptive(trial) and not trial.is_finalist]
    with_weights = [t for t in adaptive if t.best_objective > float("-inf") and _logged(t)]
    return max(with_weights, key=lambda trial: trial.best_objective, default=None)


def _logged_mean(trial: TrialRecord, last: int | None) -> dict[str, float]:
    epochs = _logged(trial)[-(last or 0) :]
    if not epochs:
        raise SweepError(
            f"trial {trial.id} logged no weights: its aggregator does not combine whole gradients, "
            "so no loss weights would do what it did"
        )
    return _mean(epochs)


def _mean(epochs: Sequence[Mapping[str, float]]) -> dict[str, float]:
    return {task: statistics.fmean(epoch[task] for epoch in epochs) for task in epochs[0]}


def _logged(trial: TrialRecord) -> list[dict[str, float]]:
    """Return task → logged weight, for every epoch that has the weights of all tasks."""
    tasks = trial.info.get("tasks", ())
    return [
        {task: epoch.metrics[_LOGGED + task] for task in tasks}
        for epoch in trial.epochs
        if tasks and all(_LOGGED + task in epoch.metrics for task in tasks)
    ]
