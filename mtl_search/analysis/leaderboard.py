"""One row a trial, computed from the journal and the final single-task references."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from mtl_search.analysis.formats.many import is_many
from mtl_search.analysis.loss_weights import shown_weights
from mtl_search.analysis.references import (
    Tasks,
    journal_metrics,
    main_metrics,
    validation_reference,
)
from mtl_search.analysis.skills import known_delta_m, mean_skill, tasks_of
from mtl_search.config import Config
from mtl_search.metrics.metric_key import metric_key
from mtl_search.storage.arm_name import SHARED, ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord

if TYPE_CHECKING:
    import pandas as pd

_FIRST = [
    "trial",
    "arm",
    "number",
    "state",
    "role",
    "skill",
    "delta_m",
    "objective",
    "best_epoch",
    "epochs",
    "seconds",
]
_LAST = ["lr", "parameters", "seed", "origin", "config_hash", "node", "reason"]


class TrialRow(dict[str, Any]):
    """A row of the leaderboard, which of very many tasks has the values of the trial's own alone.

    Hundreds of single-task trials times hundreds of tasks would be millions of values, next to all
    of them missing. Those are NaN, as if they were there.
    """

    def __missing__(self, key: str) -> float:
        """Return NaN for a metric or a weight that the trial does not have."""
        if key.startswith(("val/", "weight/")):
            return math.nan
        raise KeyError(key)


def leaderboard(record: SweepRecord, config: Config) -> pd.DataFrame:
    """Return the rows of `leaderboard_rows` as a table, whose columns have their names."""
    import pandas as pd

    rows = leaderboard_rows(record, config)
    table = pd.DataFrame(rows, columns=pd.Index(leaderboard_columns(record, config)))
    # A depth may be a number, a dict or nothing; pandas would turn a column of 2 and None into 2.0
    # and NaN.
    table["depth"] = pd.Series([row["depth"] for row in rows], dtype=object)
    table["parameters"] = pd.Series([row["parameters"] for row in rows], dtype="Int64")
    return table


def leaderboard_rows(record: SweepRecord, config: Config) -> list[dict[str, Any]]:
    """List all trials, best first within each arm.

    Best is by the objective as the sweep saw it; where that is Δm, by Δm against the references of
    now, which an extension may have changed. Members of a population come after what was trained
    with fixed values.

    Each row is a mapping with these keys:

    ================================ ===========================================================
    `trial, arm, number, state`      as in the journal
    `role`                           `member` of a population, `last` or `mean` of what follows
                                     it, `offered` for settings of another arm, else empty
    `skill`                          mean skill of the main tasks at the best epoch; of single-task
                                     trials: of their own task
    `delta_m`                        Δm of the best epoch against the final single-task
                                     references; of single-task trials: of their own task
    `objective`                      as the sweep saw it
    `best_epoch, epochs, seconds`    best epoch, number of epochs, time of training
    `val/<task>/<metric>`            at the best epoch
    `balancing`                      weighting and aggregator; empty for the defaults
    `depth`                          sharing depth, or None
    `weight/<task>`                  mean over epochs of the logged weights, else the loss weight
    `lr, parameters, seed`           learning rate, size of the network, seed
    `origin, config_hash`            as in the journal
    `node`                           address of the node on which it trained last
    `reason`                         why it failed
    ================================ ===========================================================

    A value that a trial does not have is NaN or None. With more than 12 tasks the row of a
    single-task trial is without the keys of other tasks.
    """
    tasks = main_metrics(record, config)
    reference = validation_reference(record, tasks)
    metrics = all_metrics(record, config)
    importance = {task: config.tasks[task].importance for task in tasks}
    judged = [
        (trial, trial_delta_m(trial, tasks, reference, importance, record)) for trial in record
    ]
    by_delta_m = config.search.objective == "delta_m"
    arms = {arm: number for number, arm in enumerate(arm_names(tasks, record))}
    judged.sort(key=lambda pair: _rank(pair[0], pair[1], arms, by_delta_m=by_delta_m))
    skills = {trial.id: trial_skill(trial, record, config, tasks) for trial in record}
    return [_row(trial, skills[trial.id], value, config, metrics) for trial, value in judged]


def leaderboard_columns(record: SweepRecord, config: Config) -> list[str]:
    """List the keys of every row, in order."""
    metrics = all_metrics(record, config)
    names = [metric_key("val", task, name) for task, own in metrics.items() for name in own]
    weights = [f"weight/{task}" for task in config.tasks]
    return [*_FIRST, *names, "balancing", "depth", *weights, *_LAST]


def arm_names(tasks: Tasks, record: SweepRecord) -> list[ArmName]:
    """Return the arms that have trials, in the order in which they run, finalists last.

    Arms of tasks that are no longer main, and ablations, come after all others.
    """
    warmups = [trial.arm for trial in record if trial.is_warmup]
    base = [*(ArmName.single(task) for task in tasks), *warmups, *SHARED]
    order = [*base, *(arm.final for arm in base)]
    with_trials = dict.fromkeys(trial.arm for trial in record)
    return list(dict.fromkeys(arm for arm in [*order, *with_trials] if arm in with_trials))


def all_metrics(record: SweepRecord, config: Config) -> dict[str, tuple[str, ...]]:
    """Return the metrics of every task, main tasks first."""
    metrics = main_metrics(record, config)
    for name, task in config.tasks.items():
        if name not in metrics:
            metrics[name] = task.metric_names or journal_metrics(record, name)
    return metrics


def _rank(
    trial: TrialRecord, value: float, arms: Mapping[ArmName, int], *, by_delta_m: bool
) -> tuple[int, bool, float, int]:
    """Rank by arm, then best first; trials without an epoch and members of populations last."""
    score = trial.objective
    if by_delta_m and math.isfinite(value) and not trial.arm.is_single:
        score = value
    return (
        arms[trial.arm],
        trial.is_member,
        math.inf if score is None else -score,
        trial.number,
    )


def trial_skill(trial: TrialRecord, record: SweepRecord, config: Config, tasks: Tasks) -> float:
    """Return the mean skill of a trial's best epoch; NaN where it is not known."""
    values = trial.best.metrics if trial.best else {}
    return mean_skill(record, config, tasks_of(trial, tasks), values, "val")


def trial_delta_m(
    trial: TrialRecord,
    tasks: Tasks,
    reference: Mapping[str, float],
    importance: Mapping[str, float],
    record: SweepRecord | None = None,
) -> float:
    """Return Δm of a trial's best epoch; NaN when it or its references lack a metric."""
    own_tasks = tasks_of(trial, tasks)
    values = trial.best.metrics if trial.best else {}
    counted = None if trial.arm.is_single else importance  # a single task always counts
    return known_delta_m(values, reference, own_tasks, "val", importance=counted, record=record)


def _row(
    trial: TrialRecord, skill: float, relative_gain: float, config: Config, metrics: Tasks
) -> dict[str, Any]:
    best = trial.best
    values = best.metrics if best else {}
    weights = shown_weights(trial)
    # In the order of `leaderboard_columns`.
    row = TrialRow(
        {
            "trial": trial.id,
            "arm": str(trial.arm),
            "number": trial.number,
            "state": trial.state,
            "role": trial.role,
            "skill": skill,
            "delta_m": relative_gain,
            "objective": best.best_objective if best else math.nan,
            "best_epoch": best.epoch if best else 0,
            "epochs": trial.last_epoch,
            "seconds": trial.seconds,
        }
    )
    tasks: Sequence[str] = list(config.tasks)
    if trial.arm.is_single and is_many(tasks):
        tasks = [str(trial.arm.task)]
        metrics = {task: metrics[task] for task in tasks if task in metrics}
    for task, names in metrics.items():
        for name in names:
            key = metric_key("val", task, name)
            row[key] = values.get(key, math.nan)
    row["balancing"] = trial.info.get("balancing", "")
    row["depth"] = trial.info.get("depth")
    for task in tasks:
        row[f"weight/{task}"] = weights.get(task, math.nan)
    row |= {
        "lr": trial.info.get("lr", math.nan),
        "parameters": trial.info.get("parameters"),
        "seed": trial.seed,
        "origin": trial.origin,
        "config_hash": trial.config_hash,
        "node": trial.info.get("node"),
        "reason": trial.reason,
    }
    return row
