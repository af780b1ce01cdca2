"""How much the loss weight of each task matters."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from statistics import NormalDist
from typing import Any

import numpy as np

from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.statistics.ranks import rank_correlation
from mtl_search.analysis.views.parts.bins import bin_of, log_edges
from mtl_search.analysis.views.parts.trials import Worth, shared_rows, thinned, worth_of
from mtl_search.analysis.views.parts.weight_ratios import reference_task, weight_ratios
from mtl_search.analysis.views.view import Column, View

_STRONGEST = 12  # tasks that are listed with more points
_POINTS, _FEW_POINTS = 300, 20  # of a task
_BINS = 6
_NOTE = (
    "Trials of the arms equal and search on the validation split, against the ratio of the task's "
    "loss weight to that of {reference}; the line is the mean of ranges of equal width in the "
    "logarithm. The rank correlation (Spearman) is near 0 as well where the best ratio lies in the "
    "middle. A sampler that learns tries good ratios more often, and other settings differ, too."
)


def sensitivity(evidence: Evidence) -> View | None:
    """Return a row for each trial and task whose weight was varied; None where none was."""
    worth = worth_of(evidence)
    trials = sorted(shared_rows(evidence, worth), key=lambda row: (row["arm"], row["number"]))
    ratios = weight_ratios(evidence, trials)
    if not ratios:
        return None
    correlations = {task: _correlation(trials, own, worth) for task, own in ratios.items()}
    strongest = sorted(correlations, key=lambda task: -abs(correlations[task] or 0.0))
    rows: list[dict[str, Any]] = []
    for task, own in ratios.items():
        most = _POINTS if task in strongest[:_STRONGEST] else _FEW_POINTS
        rows += thinned(_points(task, trials, own, worth), most)
    reference = reference_task(evidence)
    columns = [
        Column("task", "task", help=f"The task whose weight is compared with that of {reference}."),
        Column("trial", "trial", help="The trial."),
        Column("arm", "arm", help="Its arm."),
        Column("ratio", "ratio", "number", f"Its loss weight over that of {reference}."),
        worth.column,
    ]
    about = {
        "measure": worth.name,
        "reference": reference,
        "correlation": correlations,
        "means": {task: _means(trials, own, worth) for task, own in ratios.items()},
        "left_out": sum(map(len, ratios.values())) - len(rows),
    }
    note = _NOTE.format(reference=reference)
    if about["left_out"]:
        note += f" {about['left_out']:,} points are not listed; correlations and lines know all."
    title = "How much the loss weights matter"
    summary = _summary(correlations, len(trials), worth)
    return View("sensitivity", title, summary, columns, rows, note, about)


def _points(
    task: str, trials: Sequence[Mapping[str, Any]], ratios: Sequence[float], worth: Worth
) -> list[dict[str, Any]]:
    return [
        {
            "task": task,
            "trial": row["trial"],
            "arm": row["arm"],
            "ratio": ratio,
            worth.name: row[worth.name],
        }
        for row, ratio in zip(trials, ratios, strict=True)
        if math.isfinite(ratio)
    ]


def _known(
    trials: Sequence[Mapping[str, Any]], ratios: Sequence[float], worth: Worth
) -> tuple[list[float], list[float]]:
    pairs = [
        (ratio, row[worth.name])
        for row, ratio in zip(trials, ratios, strict=True)
        if math.isfinite(ratio)
    ]
    return [ratio for ratio, _ in pairs], [value for _, value in pairs]


def _correlation(
    trials: Sequence[Mapping[str, Any]], ratios: Sequence[float], worth: Worth
) -> float | None:
    return rank_correlation(*_known(trials, ratios, worth))


def _means(
    trials: Sequence[Mapping[str, Any]], ratios: Sequence[float], worth: Worth
) -> list[dict[str, float]]:
    """Return the mean by ranges of the ratio; those without trials are left out."""
    known, values = _known(trials, ratios, worth)
    edges = log_edges(known, _BINS)
    places, values_N = bin_of(known, edges), np.array(values)
    logs = np.log(known)
    return [
        {
            "ratio": math.exp(float(logs[places == place].mean())),
            "mean": float(values_N[places == place].mean()),
            "trials": int((places == place).sum()),
        }
        for place in range(_BINS)
        if (places == place).any()
    ]


def _chance(trials: int, tasks: int) -> float:
    """Return what the largest of several rank correlations exceeds by chance in 5 % of cases."""
    # Without a relation they have a variance of 1/(N - 1); several are allowed for by Bonferroni.
    return NormalDist().inv_cdf(1 - 0.025 / tasks) / math.sqrt(max(trials - 1, 1))


def _summary(correlations: Mapping[str, float | None], trials: int, worth: Worth) -> str:
    known = {task: value for task, value in correlations.items() if value is not None}
    if not known:
        return f"All {trials} trials have the same {worth.word}, whatever their weights."
    most = max(known, key=lambda task: abs(known[task]))
    direction = "more" if known[most] > 0 else "less"
    text = (
        f"Over {trials:,} trials the weight of {most} goes together most with the {worth.word}: "
        f"rank correlation {formats.signed(known[most], 2)}"
    )
    if abs(known[most]) < _chance(trials, len(known)):
        return f"{text}, which chance alone may give: no single weight is shown to matter."
    return f"{text}; {direction} weight on it was better."
