"""The best trials of each arm, as a table."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.text import Text

from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.formats.many import is_many, quartiles
from mtl_search.metrics.metric_key import metric_key
from mtl_search.report.tables import Column, fitted, task_columns
from mtl_search.storage.arm_name import SEARCH, ArmName

Row = Mapping[str, Any]  # of `leaderboard_rows`

_MEASURES = ("skill", "delta_m")
_STYLES = {"COMPLETE": "", "RUNNING": "cyan", "PRUNED": "dim", "FAIL": "red"}


def print_leaderboard(evidence: Evidence, console: Console) -> None:
    """Print the best trials of each arm, or how many have begun where none has finished."""
    rows, config = evidence.rows, evidence.config
    groups = _by_arm(rows)
    if not any(row["epochs"] > 0 for group in groups.values() for row in group):
        console.print(Text(f"{config.name}: no finished trial yet ({len(rows)} begun)."))
        _print_failures(rows, console)
        return
    top: list[Row] = []
    sections = []
    previous = ""
    groups, note = _without_many_singles(groups, evidence)
    for arm, group in groups.items():
        family = arm.split("/")[0]
        if top and family != previous:  # one rule below all single-task arms, not one each
            sections.append(len(top) - 1)
        previous = family
        top += group[: _rows_of(arm, has_search="search" in groups)]
    title = f"{config.name}: best trials of each arm (validation)"
    console.print(fitted(title, _columns(top, evidence), console, sections))
    if note:
        console.print(Text(note, style="dim"))
    _print_failures(rows, console)


def _without_many_singles(
    groups: dict[str, list[Row]], evidence: Evidence
) -> tuple[dict[str, list[Row]], str]:
    """Return the groups without the single-task arms where these are very many, and a summary."""
    singles = [group[0] for arm, group in groups.items() if ArmName(arm).is_single]
    if not is_many(singles) or len(singles) == len(groups):
        return groups, ""
    name = "skill" if any(math.isfinite(row["skill"]) for row in singles) else "objective"
    summary = ", ".join(
        f"{what} {formats.number(value)}"
        for what, value in quartiles(row[name] for row in singles).items()
    )
    note = f"The best of each of {len(singles)} single-task arms: {name} {summary}."
    return {arm: group for arm, group in groups.items() if not ArmName(arm).is_single}, note


def best_columns(evidence: Evidence) -> list[Column]:
    """Return the columns of the best trials that share; of others where none does.

    There are none before the first epoch.
    """
    groups = _by_arm([row for row in evidence.rows if row["epochs"] > 0])
    shared = [arm for arm in groups if ArmName(arm).is_shared]
    top = [
        row
        for arm in shared or groups
        for row in groups[arm][: _rows_of(arm, has_search="search" in groups)]
    ]
    return _columns(top, evidence) if top else []


def _by_arm(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Return the rows of each arm, without finalists."""
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if not ArmName(row["arm"]).is_repeat:
            groups.setdefault(row["arm"], []).append(row)
    return groups


def _rows_of(arm: str, *, has_search: bool) -> int:
    """Return how many rows an arm gets."""
    if arm == SEARCH:
        return 5
    return 1 if has_search or ArmName(arm).is_single else 3


def _columns(top: Sequence[Row], evidence: Evidence) -> list[Column]:
    config, tasks = evidence.config, evidence.tasks

    def cells(name: str, show: Callable[[Any], str]) -> list[str]:
        return [show(row[name]) for row in top]

    helpers = tuple([f"val/{name}/" for name in config.tasks if name not in tasks])
    helper_metrics = [name for name in top[0] if name.startswith(helpers)]
    weights = [""] * len(top)
    if is_many(config.tasks):
        helper_metrics = []
    else:
        weights = [formats.weights(row[f"weight/{task}"] for task in config.tasks) for row in top]
    states = [Text(row["state"], style=_STYLES[row["state"]]) for row in top]
    measure = "" if evidence.record.custom_objective else config.search.objective
    # Skill and Δm have columns of their own, where they are known.
    is_known = measure in _MEASURES and any(math.isfinite(row[measure]) for row in top)
    objective = [] if is_known else [Column("objective", cells("objective", formats.number))]
    return [
        Column("trial", cells("trial", str), right=False),
        Column("state", states, 20, right=False),
        Column("role", cells("role", str), 60, right=False),
        *objective,
        Column("skill", cells("skill", formats.skill), 0 if measure == "skill" else 92),
        Column("Δm %", cells("delta_m", formats.percent), 0 if measure == "delta_m" else 91),
        *task_columns(
            tasks, lambda task, metric: cells(metric_key("val", task, metric), formats.number)
        ),
        *(
            Column(name.removeprefix("val/").replace("/", "\n", 1), cells(name, formats.number), 5)
            for name in helper_metrics
        ),
        Column("balancing", cells("balancing", str), 86, right=False),
        Column("depth", cells("depth", formats.depth), 90),
        Column("weights", weights, 85 if len(config.tasks) < 6 else 30),
        Column("lr", cells("lr", formats.rate), 70),
        Column("params", cells("parameters", formats.count), 75),
        Column("epochs", cells("epochs", str), 10),
        Column("seconds", cells("seconds", formats.seconds), 65),
    ]


def _print_failures(rows: Sequence[Row], console: Console) -> None:
    """Print how many trials failed, with the reason of the first."""
    failed = [row for row in rows if row["state"] == "FAIL"]
    if failed:
        reason = " ".join(str(failed[0]["reason"]).split()) or "no reason given"
        text = f"{len(failed)} trial(s) failed; {failed[0]['trial']}: {reason}"
        console.print(Text(text, style="red", no_wrap=True, overflow="ellipsis"))
