"""How much of the network is shared, against what the network is worth and how large it is."""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from typing import Any

from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.parts.trials import Worth, shared_rows, worth_of
from mtl_search.analysis.views.view import Column, View

_NOTE = (
    "Trials of the arms equal and search on the validation split; at depth 0 nothing is shared. "
    "Other settings differ between the trials, too, so a difference between two depths is a hint "
    "and no proof: for that, see the verdict."
)


def depth(evidence: Evidence) -> View | None:
    """Return the trials that share by their depth; None where fewer than two depths were tried."""
    worth = worth_of(evidence)
    trials = [row for row in shared_rows(evidence, worth) if row["depth"] is not None]
    trials.sort(key=lambda row: (depth_rank(row["depth"]), -row[worth.name]))
    rows = [
        {
            "depth": formats.depth(row["depth"]),
            "trial": row["trial"],
            "arm": row["arm"],
            "state": row["state"],
            worth.name: row[worth.name],
            "parameters": row["parameters"],
        }
        for row in trials
    ]
    groups = _groups(rows, worth)
    if len(groups) < 2:
        return None
    columns = [
        Column("depth", "depth", help="Number of stages that tasks share; 2:0 by task."),
        Column("trial", "trial", help="The trial."),
        Column("arm", "arm", help="Its arm."),
        Column("state", "state", help="How it ended."),
        worth.column,
        Column("parameters", "parameters", "count", "Number of parameters of the network."),
    ]
    about = {"measure": worth.name, "depths": groups}
    title = "Sharing depth"
    return View("depth", title, _summary(groups, worth), columns, rows, _NOTE, about)


def depth_rank(value: Any) -> tuple[float, str]:
    """Return what sorts depths: the number, or the mean over tasks.

    Args:
        value: A number, or a number by task.

    Examples:
        >>> sorted([2, {"left": 0, "right": 2}, 0], key=depth_rank)
        [0, {'left': 0, 'right': 2}, 2]
    """
    if isinstance(value, Mapping):
        return statistics.fmean(value.values()) if value else 0.0, formats.depth(value)
    return float(value), ""


def _groups(rows: Sequence[Mapping[str, Any]], worth: Worth) -> list[dict[str, Any]]:
    """Return number, best and mean of the trials of each depth, in the order of the rows."""
    by_depth: dict[str, list[Mapping[str, Any]]] = {}
    for row in rows:
        by_depth.setdefault(row["depth"], []).append(row)
    return [
        {
            "depth": name,
            "trials": len(group),
            "best": max(row[worth.name] for row in group),
            "mean": statistics.fmean(row[worth.name] for row in group),
        }
        for name, group in by_depth.items()
    ]


def _summary(groups: Sequence[Mapping[str, Any]], worth: Worth) -> str:
    best = max(groups, key=lambda group: group["best"])
    steady = max(groups, key=lambda group: group["mean"])
    trials = sum(group["trials"] for group in groups)
    return (
        f"Of {trials:,} trials the best {worth.word}, {worth.write(best['best'])}, was reached at "
        f"depth {best['depth']}; the mean over trials is highest at depth {steady['depth']} "
        f"({worth.write(steady['mean'])})."
    )
