"""The report on a terminal."""

from __future__ import annotations

import math
import shlex
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from mtl_search.analysis.judge import judge
from mtl_search.analysis.leaderboard import leaderboard_rows
from mtl_search.analysis.paired import Tasks
from mtl_search.analysis.references import main_metrics, validation_reference
from mtl_search.analysis.summary import (
    ArmTotals,
    arm_totals,
    mean_ranks,
    pareto_front,
    rung_correlations,
)
from mtl_search.analysis.verdict import Verdict
from mtl_search.config import Config
from mtl_search.metrics.metric_key import metric_key
from mtl_search.report import formats
from mtl_search.report.tables import Column, fitted
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.records import SweepRecord

Row = Mapping[str, Any]  # of `leaderboard_rows`

_MOST_TASK_ROWS = 4
_NO_TASKS = ("", "warmup", "final")  # families of arms that are not one a task
_STYLE = {
    "sharing helps": "green",
    "sharing hurts": "red",
    "no significant gain": "yellow",
    "not tested": "dim",
}
_STATES = {"COMPLETE": "", "RUNNING": "cyan", "PRUNED": "dim", "FAIL": "red"}


def render(
    record: SweepRecord, config: Config, console: Console, folder: Path | None = None
) -> None:
    """Print the report.

    Args:
        record: The sweep, finished or not.
        config: Its config.
        console: The console to print to; tables look well in 60 columns and more.
        folder: The sweep's folder, for the commands at the end; default `runs/<name>`.
    """
    tasks = main_metrics(record, config)
    verdict = judge(record, config)
    _leaderboard(record, config, tasks, console)
    _finalists(verdict, tasks, console)
    _totals(record, tasks, mean_ranks(verdict, tasks), console)
    for line in _remarks(record, tasks):
        console.print(Text(line))
    style = _STYLE[verdict.outcome]
    console.print(
        Panel(Text(verdict.sentence()), title="Verdict", title_align="left", border_style=style)
    )
    # Not wrapped, or a command could not be copied.
    commands = _next(record, config, folder or Path("runs") / config.name)
    console.print(commands, no_wrap=True, overflow="ignore", crop=False)


def _leaderboard(record: SweepRecord, config: Config, tasks: Tasks, console: Console) -> None:
    rows = leaderboard_rows(record, config)
    groups: dict[str, list[Row]] = {}
    for row in rows:
        if not ArmName(row["arm"]).is_final:
            groups.setdefault(row["arm"], []).append(row)
    if not any(row["epochs"] > 0 for group in groups.values() for row in group):
        console.print(Text(f"{config.name}: no finished trial yet ({len(rows)} begun)."))
        _print_failures(rows, console)
        return
    top: list[Row] = []
    sections = []
    previous = ""
    for arm, group in groups.items():
        family = arm.split("/")[0]
        if top and family != previous:  # one rule below all single-task arms, not one each
            sections.append(len(top) - 1)
        previous = family
        top += group[: _rows_of(arm, has_search="search" in groups)]
    title = f"{config.name}: best trials of each arm (validation)"
    console.print(fitted(title, _columns(top, config, tasks), console, sections))
    _print_failures(rows, console)


def _rows_of(arm: str, *, has_search: bool) -> int:
    """Return how many rows an arm gets."""
    if arm == "search":
        return 5
    return 1 if has_search or ArmName(arm).is_single else 3


def _columns(top: Sequence[Row], config: Config, tasks: Tasks) -> list[Column]:
    def cells(name: str, show: Callable[[Any], str]) -> list[str]:
        return [show(row[name]) for row in top]

    first = [(task, metrics[0]) for task, metrics in tasks.items() if metrics]
    helpers = [f"val/{name}/" for name in config.tasks if name not in tasks]
    helper_metrics = [name for name in top[0] if any(name.startswith(h) for h in helpers)]
    weights = [[row[f"weight/{task}"] for task in config.tasks] for row in top]
    states = [Text(row["state"], style=_STATES[row["state"]]) for row in top]
    objective = []
    if all(math.isnan(row["delta_m"]) for row in top):
        objective = [Column("objective", cells("objective", formats.number))]
    return [
        Column("trial", cells("trial", str), right=False),
        Column("state", states, 20, right=False),
        Column("role", cells("role", str), 60, right=False),
        Column("Δm %", cells("delta_m", formats.percent)),
        *objective,
        *(
            Column(
                f"{task}\n{metric}", cells(metric_key("val", task, metric), formats.number), 80 - n
            )
            for n, (task, metric) in enumerate(first)
        ),
        *(
            Column(name.removeprefix("val/").replace("/", "\n", 1), cells(name, formats.number), 5)
            for name in helper_metrics
        ),
        Column("balancing", cells("balancing", str), 86, right=False),
        Column("depth", cells("depth", formats.depth), 90),
        Column(
            "weights",
            [formats.weights(row) for row in weights],
            85 if len(config.tasks) < 6 else 30,
        ),
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


def _finalists(verdict: Verdict, tasks: Tasks, console: Console) -> None:
    arms = [arm for arm in ("single", "equal", "search") if _winners_of(verdict, arm, tasks)]
    if not arms:
        return
    gains = {"equal": verdict.equal, "search": verdict.search}
    compared = [gains.get(arm) for arm in arms]
    first = [(task, metrics[0]) for task, metrics in tasks.items() if metrics]
    columns = [
        Column("arm", arms, right=False),
        Column("Δm %", [formats.with_interval(c.delta_m if c else None, 100, 2) for c in compared]),
        *(
            Column(
                f"{task}\n{metric}",
                [_test_cell(verdict, arm, task, metric) for arm in arms],
                80 - n,
            )
            for n, (task, metric) in enumerate(first)
        ),
        Column("params", [formats.count(_parameters(verdict, arm)) for arm in arms], 85),
        Column("seeds", [_seeds(verdict, arm, tasks) for arm in arms], 60),
        Column("configuration of", [_origin(verdict, arm) for arm in arms], 50, right=False),
    ]
    console.print(
        fitted("Finalists on fresh seeds (test split, mean ± 95 % interval)", columns, console)
    )


def _winners_of(verdict: Verdict, arm: str, tasks: Tasks) -> list[Any]:
    names = [f"single/{task}" for task in tasks] if arm == "single" else [arm]
    return [verdict.winners[name] for name in names if name in verdict.winners]


def _test_cell(verdict: Verdict, arm: str, task: str, metric: str) -> str:
    winner = verdict.winners.get(f"single/{task}" if arm == "single" else arm)
    return formats.with_interval(
        winner.test.get(metric_key("test", task, metric)) if winner else None
    )


def _parameters(verdict: Verdict, arm: str) -> int | None:
    if arm == "single":
        return verdict.single_parameters
    return verdict.winners[arm].parameters


def _seeds(verdict: Verdict, arm: str, tasks: Tasks) -> str:
    counts = sorted({len(winner.trials) for winner in _winners_of(verdict, arm, tasks)})
    return "–".join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))


def _origin(verdict: Verdict, arm: str) -> str:
    return "the best of each task" if arm == "single" else verdict.winners[arm].origin


def _totals(record: SweepRecord, tasks: Tasks, ranks: dict[str, float], console: Console) -> None:
    totals = _merged(arm_totals(record, tasks))
    if not totals:
        return

    def states(state: str) -> Sequence[str]:
        return [str(total.states.get(state, "")) for total in totals]

    columns = [
        Column("arm", [total.arm for total in totals], right=False),
        Column("trials", [str(sum(total.states.values())) for total in totals]),
        *(Column(state.lower(), states(state), 50) for state in _STATES),
        Column("epochs", [str(total.epochs) for total in totals], 60),
        Column("seconds", [formats.seconds(total.seconds) for total in totals], 70),
        Column("mean rank (test)", [_rank(total.arm, ranks) for total in totals], 40),
    ]
    console.print(fitted("What each arm took", columns, console))


def _merged(totals: list[ArmTotals]) -> list[ArmTotals]:
    """Merge arms of one kind into a row where each of many tasks has one."""
    rows: list[ArmTotals] = []
    for family in ("single", "warmup", "", "final/single", "final", "final/without"):
        part = [total for total in totals if total.arm.rpartition("/")[0] == family]
        if family in _NO_TASKS or len(part) <= _MOST_TASK_ROWS:
            rows += part
            continue
        states = sum((Counter(t.states) for t in part), Counter[str]())
        name = f"{family} ({len(part)} tasks)"
        rows.append(
            ArmTotals(name, dict(states), sum(t.epochs for t in part), sum(t.seconds for t in part))
        )
    return rows


def _rank(arm: str, ranks: dict[str, float]) -> str:
    # Only finalists are ranked. The single-task finalists share one rank, shown in each of their
    # rows.
    name = arm.removeprefix("final/").split("/")[0].split(" ")[0]
    return f"{ranks[name]:.2f}" if arm.startswith("final/") and name in ranks else ""


def _remarks(record: SweepRecord, tasks: Tasks) -> list[str]:
    lines = []
    for rung in rung_correlations(record, tasks):
        value = "undefined, all alike" if rung.spearman is None else f"{rung.spearman:+.2f}"
        lines.append(
            f"Rank correlation of epoch {rung.epoch} with the end, arm {rung.arm}: {value} "
            f"({rung.trials} trials that were not stopped)"
        )
    front = pareto_front(record, tasks, validation_reference(record, tasks))
    if front:
        reference = (
            "the single-task references"
            if front.against == "single"
            else "the best value of each task"
        )
        lines.append(
            f"Pareto front over the main tasks: {len(front.trials)} of {front.points} trials; "
            f"hypervolume {front.hypervolume:.3f} (1 is what {reference} span)"
        )
    return lines


def _next(record: SweepRecord, config: Config, folder: Path) -> Text:
    name = shlex.quote(str(folder))
    lines = [f"mtl-search ui {name}", f"mtl-search report {name} --format json"]
    extended = f" search.trials={2 * config.search.trials}" if record.complete else ""
    if not (extended and any(trial.is_member for trial in record)):  # a population keeps its size
        lines.append(f"mtl-search run {name}/config.yaml --output {name} --resume{extended}")
    return Text("Next:  " + "\n       ".join(lines), style="bold")
