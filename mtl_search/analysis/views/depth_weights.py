"""Sharing depth and a task's loss weight together: best and mean of the trials of each cell."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.depth import depth_rank
from mtl_search.analysis.views.parts.bins import bin_of, log_edges
from mtl_search.analysis.views.parts.trials import Worth, shared_rows, worth_of
from mtl_search.analysis.views.parts.weight_ratios import reference_task, weight_ratios
from mtl_search.analysis.views.view import Column, View

_BINS = 6
_NOTE = (
    "Trials of the arms equal and search on the validation split. Each cell is one depth and a "
    "range of the ratio of loss weights, of equal width in the logarithm. A cell with one or two "
    "trials says little; at depth 0 nothing is shared, so that weights cannot matter there."
)


def depth_weights(evidence: Evidence) -> View | None:
    """Return cells of depth and ratio of weights; None where one of the two was not varied."""
    worth = worth_of(evidence)
    trials = [row for row in shared_rows(evidence, worth) if row["depth"] is not None]
    ratios = weight_ratios(evidence, trials)
    depths = {formats.depth(row["depth"]) for row in trials}
    if len(depths) < 2 or not ratios:
        return None
    points = [
        _Point(depth_rank(row["depth"]), formats.depth(row["depth"]), row[worth.name])
        for row in trials
    ]
    rows = [row for task, own in ratios.items() for row in _cells(task, points, own)]
    reference = reference_task(evidence)
    columns = [
        Column("task", "task", help=f"The task whose weight is compared with that of {reference}."),
        Column("depth", "depth", help="Number of stages that tasks share."),
        Column("low", "ratio from", "number", f"Least ratio to the weight of {reference}."),
        Column("high", "ratio to", "number", f"Largest ratio to the weight of {reference}."),
        Column("best", f"best {worth.column.title}", worth.column.kind, "Best of its trials."),
        Column("mean", f"mean {worth.column.title}", worth.column.kind, "Mean of its trials."),
        Column("trials", "trials", "count", "Number of its trials."),
    ]
    about = {"measure": worth.name, "reference": reference, "tasks": list(ratios)}
    title = "Depth and loss weights together"
    summary = _summary(rows, worth, reference)
    return View("depth_weights", title, summary, columns, rows, _NOTE, about)


class _Point(NamedTuple):
    """A trial: what sorts its depth, its depth, and what it is worth."""

    rank: tuple[float, str]
    depth: str
    value: float


def _cells(task: str, points: Sequence[_Point], ratios: Sequence[float]) -> list[dict[str, Any]]:
    """Return the cells of one task that have trials, by depth and ratio."""
    ratios_N = np.array(ratios)
    known = np.flatnonzero(np.isfinite(ratios_N)).tolist()
    edges = log_edges(ratios_N[known], _BINS)
    places = bin_of(ratios_N[known], edges).tolist()
    cells: dict[tuple[tuple[float, str], str, int], list[float]] = {}
    for index, place in zip(known, places, strict=True):
        rank, name, value = points[index]
        cells.setdefault((rank, name, place), []).append(value)
    return [
        {
            "task": task,
            "depth": name,
            "low": float(edges[place]),
            "high": float(edges[place + 1]),
            "best": max(values),
            "mean": math.fsum(values) / len(values),
            "trials": len(values),
        }
        for (_, name, place), values in sorted(cells.items())
    ]


def _summary(rows: Sequence[Mapping[str, Any]], worth: Worth, reference: str | None) -> str:
    best = max(rows, key=lambda row: row["best"])
    steady = max((row for row in rows if row["trials"] > 2), key=lambda r: r["mean"], default=None)
    text = (
        f"The best {worth.word}, {worth.write(best['best'])}, is at depth {best['depth']} with "
        f"{_range(best)} times the weight of {reference} on {best['task']}."
    )
    if steady is not None:
        text += (
            f" Of cells with three trials or more the mean is highest, "
            f"{worth.write(steady['mean'])}, at depth {steady['depth']} with {_range(steady)} "
            f"times on {steady['task']}."
        )
    return text


def _range(row: Mapping[str, Any]) -> str:
    return f"{formats.number(row['low'], 2)} to {formats.number(row['high'], 2)}"
