"""Loss weights as plain numbers: normalised, and read off a trial, adaptive or not."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence

from mtl_search.errors import ConfigError, SweepError
from mtl_search.storage.records import SweepRecord, TrialRecord

FLOOR = 0.01
_LOGGED = "train/weight/"


def normalised_weights(ratios: Mapping[str, float]) -> dict[str, float]:
    """Weights in the given ratios that sum to the number of tasks, each at least `FLOOR`.

    Where the floor lifts some, the others keep their ratios and share what is left.
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
    """Whether a weighting or an aggregator decided, step by step, how much the trial's tasks counted."""
    return bool(trial.info.get("adaptive", False))


def mean_weights(trial: TrialRecord, last: int | None = None) -> dict[str, float]:
    """Task → the loss weight with which a static trial would on average do what this one did.

    Of an adaptive trial the arithmetic mean over epochs of `train/weight/<task>`: gradients add up, so the mean weight
    is what a task's gradients were multiplied by on average. The mean of the logarithms would be nearer to the scale
    on which weights are searched, but has no answer where a method gives a task 0 in one epoch (MGDA) or less (IMTL-G).
    Of a static trial its loss weights. Both normalised to sum to the number of tasks, each at least `FLOOR`.

    Args:
        trial: From a journal.
        last: Only so many epochs, the last ones; default: all.

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
    """Task → how much it counted: the mean of the weights that an adaptive trial logged, else the loss weights."""
    epochs = _logged(trial) if is_adaptive(trial) else []
    return _mean(epochs) if epochs else trial.info.get("weights") or {}


def best_adaptive(record: SweepRecord) -> TrialRecord | None:
    """The best adaptive trial of a sweep, finalists apart; None where none logged its weights."""
    found = [
        t
        for t in record
        if is_adaptive(t) and not t.is_finalist and t.best_objective > float("-inf") and _logged(t)
    ]
    return max(found, key=lambda t: t.best_objective, default=None)


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
    """Task → logged weight of every epoch that has them all."""
    tasks = trial.info.get("tasks", ())
    return [
        {task: epoch.metrics[_LOGGED + task] for task in tasks}
        for epoch in trial.epochs
        if tasks and all(_LOGGED + task in epoch.metrics for task in tasks)
    ]
