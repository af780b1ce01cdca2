"""One row a trial, with every number worked out from the journal and the final single-task references."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from mtl_search.analysis.loss_weights import shown_weights
from mtl_search.analysis.paired import Tasks
from mtl_search.analysis.references import journal_metrics, main_metrics, validation_reference
from mtl_search.config import Config
from mtl_search.metrics.objective import delta_m, key
from mtl_search.storage.records import FINAL, SweepRecord, TrialRecord

if TYPE_CHECKING:  # the report does without it
    import pandas as pd

_FIRST = [
    "trial",
    "arm",
    "number",
    "state",
    "role",
    "delta_m",
    "objective",
    "best_epoch",
    "epochs",
    "seconds",
]
_LAST = ["lr", "parameters", "seed", "origin", "config_hash", "node", "reason"]


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

    Members of a population come after what was trained with fixed values.

    Returns:
        One mapping a trial with the keys `trial, arm, number, state`; `role` (`member` of a
        population, `final` or `mean` of what follows it, else empty); `delta_m` of the best epoch
        against the final single-task references (of single-task trials: of their own task);
        `objective` as the sweep saw it; `best_epoch, epochs, seconds`; `val/<task>/<metric>` at the
        best epoch; `balancing`, the weighting and the aggregator, empty for the defaults; `depth`;
        `weight/<task>`, where balancing logged weights their mean over epochs, else the loss
        weights; `lr, parameters, seed, origin, config_hash`; `node`, the address of the one on which
        it trained last; `reason` of a failure. What a trial does not have is NaN, or None.
    """
    tasks = main_metrics(record, config)
    reference = validation_reference(record, tasks)
    metrics = all_metrics(record, config)
    judged = [(trial, _delta_m(trial, tasks, reference)) for trial in record]
    # A reference that has changed since, by an extended sweep, changes every Δm with it; so the
    # order follows Δm, too.
    by_delta_m = config.search.objective == "delta_m"
    arms = arm_names(tasks, record)
    judged.sort(key=lambda pair: _rank(pair[0], pair[1], arms, by_delta_m))
    return [_row(trial, value, config, metrics) for trial, value in judged]


def leaderboard_columns(record: SweepRecord, config: Config) -> list[str]:
    """List the keys of every row, in order."""
    metrics = all_metrics(record, config)
    names = [key("val", task, name) for task, own in metrics.items() for name in own]
    weights = [f"weight/{task}" for task in config.tasks]
    return [*_FIRST, *names, "balancing", "depth", *weights, *_LAST]


def arm_names(tasks: Tasks, record: SweepRecord) -> list[str]:
    """Arms in the order in which they run, finalists last; arms of tasks that are no longer main come after them."""
    seeds = dict.fromkeys(trial.arm for trial in record if trial.is_warmup)
    known = [*(f"single/{task}" for task in tasks), *seeds, "equal", "search"]
    order = [*known, *(FINAL + arm for arm in known)]
    found = dict.fromkeys(
        trial.arm for trial in record
    )  # `final/without/<task>` comes last by itself
    return [arm for arm in order if arm in found] + [arm for arm in found if arm not in order]


def all_metrics(record: SweepRecord, config: Config) -> dict[str, tuple[str, ...]]:
    """Metrics of every task, main tasks first."""
    main = main_metrics(record, config)
    helpers = {name: task.metrics for name, task in config.tasks.items() if name not in main}
    return {
        **main,
        **{name: metrics or journal_metrics(record, name) for name, metrics in helpers.items()},
    }


def _rank(
    trial: TrialRecord, value: float, arms: list[str], by_delta_m: bool
) -> tuple[int, bool, float, int]:
    """By arm, best first; those without an epoch last, members of a population after the others."""
    score = (
        value
        if by_delta_m and math.isfinite(value) and "single/" not in trial.arm
        else trial.objective
    )
    return (
        arms.index(trial.arm),
        trial.is_member,
        (math.inf if score is None else -score),
        trial.number,
    )


def _delta_m(trial: TrialRecord, tasks: Tasks, reference: Mapping[str, float]) -> float:
    """Δm of a trial's best epoch; NaN when it or its references lack a metric."""
    arm = trial.arm.removeprefix(FINAL)
    own = arm.removeprefix("single/")
    mine = tasks if own == arm else {own: tasks.get(own, ())}
    wanted = [key("val", task, metric) for task, metrics in mine.items() for metric in metrics]
    values = trial.best.metrics if trial.best else {}
    if not wanted or any(name not in values or name not in reference for name in wanted):
        return math.nan
    return delta_m(values, reference, mine)


def _row(trial: TrialRecord, value: float, config: Config, metrics: Tasks) -> dict[str, Any]:
    best = trial.best
    values = best.metrics if best else {}
    weights = shown_weights(trial)
    return {
        "trial": trial.id,
        "arm": trial.arm,
        "number": trial.number,
        "state": trial.state,
        "role": trial.role,
        "delta_m": value,
        "objective": best.best_objective if best else math.nan,
        "best_epoch": best.epoch if best else 0,
        "epochs": trial.epochs[-1].epoch if trial.epochs else 0,
        "seconds": trial.seconds,
        **{
            key("val", t, m): values.get(key("val", t, m), math.nan)
            for t, names in metrics.items()
            for m in names
        },
        "balancing": trial.info.get("balancing", ""),
        "depth": trial.info.get("depth"),
        **{f"weight/{task}": weights.get(task, math.nan) for task in config.tasks},
        "lr": trial.info.get("lr", math.nan),
        "parameters": trial.info.get("parameters"),
        "seed": trial.seed,
        "origin": trial.origin,
        "config_hash": trial.config_hash,
        "node": trial.info.get("node"),
        "reason": trial.reason,
    }
