"""A sweep's report as plain JSON types, for `mtl-search report --format json` and programs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from mtl_search.analysis.by_task import task_rows
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.formats.stops import stop_text
from mtl_search.analysis.health import health_checks
from mtl_search.analysis.leaderboard import arm_names
from mtl_search.analysis.references import validation_reference
from mtl_search.analysis.selection import selection_floors
from mtl_search.analysis.summary import arm_totals, mean_ranks, pareto_front, rung_correlations
from mtl_search.analysis.views import View, all_views

# Raised when a key is renamed, removed or changes its meaning; new keys do not raise it.
FORMAT = 2


def to_json(evidence: Evidence, views: Sequence[View] | None = None) -> dict[str, Any]:
    """Return the whole report.

    `report.schema.json`, beside this file, describes every key (`report_schema`).

    Keys:
        format: The version of this layout.
        sweep: `id, name, started` (Unix seconds), `sessions`, `complete`,
            `stopped` (what ended it early, or null).
        data: null where it is not recorded, or `name, digest, splits, targets` of the data set.
        environment: null where it is not recorded, or `versions, platform, devices`.
        tasks: The main tasks with their metrics, the first of which selects.
        reference: `val/<task>/<metric>` of the best single-task trials; empty without that arm.
        trials: The rows of the leaderboard, with its columns as keys; null for what a trial does
            not have.
        verdict: `outcome, weights_outcome, measure, margin, sentence, notes, needed, claims,
            parameters, single_parameters, final_reference`; `sharing, twin, equal, search, weights`
            and by task `auxiliary`, each null or `arm, against, level, gain, interval, improvement,
            tasks, items, literature` (Δm: `mean, per_metric, tasks`), with gains as fractions
            (0.018 of skill is 1.8 points); `separate`, the better of tuned networks (`single`) and
            the twin (`twin/separate`) by validation; `recommended`, and `winners` by arm, with
            `origin, trials, parameters, depth, test`; `splits` by what the best shared network is
            compared with (`single, twin/separate`), with `against, measure, gain, interval,
            by_split, begun`.
        by_task: For each main task, on the test split: `task, metric, trivial, single, twin,
            shared` (means of the metric), `gain, interval` (in the verdict's measure),
            `improvement, p_value` (by Holm's method), `holds, delta_m, references`.
        arms: `arm, states, epochs, seconds` of each arm.
        selection_floor: For each arm that chose a best trial: `arm, trials, best, mean, deviation,
            floor`, in units of the objective; by `floor` the best of as many trials stands above
            their mean where they differ by noise alone.
        mean_ranks: The mean rank of `single, equal, search` over the main tasks on the test split;
            1 is best.
        rungs: `arm, epoch, trials, spearman` where a scheduler stopped trials.
        pareto: null, or `points, trials, hypervolume, against`; `hypervolume` is null for more than
            10 tasks.
        health: `name, ok, text` of each health check; `ok` is null where it could not be told.
        views: The tables that the report shows: `name, title, summary, note, columns, rows, about`.
            A column has `name, title, kind, help`; a row has the names of the columns as keys.

    Args:
        evidence: Record, config and verdict of the sweep, finished or not.
        views: The views of the report; default: those that the record alone gives.
    """
    record, config = evidence.record, evidence.config
    tasks, verdict = evidence.tasks, evidence.verdict
    reference = validation_reference(record, tasks)
    front = pareto_front(record, tasks, reference)
    tree = {
        "format": FORMAT,
        "sweep": {
            "id": record.id,
            "name": record.name or config.name,
            "started": record.started,
            "sessions": record.sessions,
            "complete": record.complete,
            "stopped": None if record.stop is None else stop_text(record.stop),
        },
        "data": record.data or None,
        "environment": record.environment or None,
        "tasks": {task: list(metrics) for task, metrics in tasks.items()},
        "reference": reference,
        "trials": evidence.rows,
        "verdict": verdict.to_dict(),
        "by_task": [asdict(row) for row in task_rows(record, tasks, verdict)],
        "arms": [asdict(totals) for totals in arm_totals(record, tasks)],
        "selection_floor": [
            asdict(floor) for floor in selection_floors(record, arm_names(tasks, record))
        ],
        "mean_ranks": mean_ranks(verdict, tasks, record.directions),
        "rungs": [asdict(rung) for rung in rung_correlations(record, tasks)],
        "pareto": asdict(front) if front else None,
        "health": [asdict(check) for check in health_checks(evidence)],
        "views": [view_tree(v) for v in (all_views(evidence) if views is None else views)],
    }
    report: dict[str, Any] = plain(tree)
    return report


def view_tree(view: View) -> dict[str, Any]:
    """Return a view as a mapping, with those values of its rows that have a column.

    Args:
        view: The view.
    """
    names = [column.name for column in view.columns]
    return {
        "name": view.name,
        "title": view.title,
        "summary": view.summary,
        "note": view.note,
        "columns": [asdict(column) for column in view.columns],
        "rows": [{name: row.get(name) for name in names} for row in view.rows],
        "about": dict(view.about),
    }


def plain(value: Any) -> Any:
    """Turn values into JSON types, with null for numbers that JSON does not have.

    Args:
        value: Mappings, sequences, numbers, texts and None.

    Examples:
        >>> plain({"gains": (1, float("nan"))})
        {'gains': [1, None]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if hasattr(value, "item"):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
