"""The report on a terminal."""

from __future__ import annotations

import shlex
from pathlib import Path

from rich.console import Console
from rich.panel import Panel
from rich.text import Text

from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.formats.stops import stop_text
from mtl_search.analysis.health import health_checks
from mtl_search.analysis.leaderboard import arm_names
from mtl_search.analysis.references import Tasks, validation_reference
from mtl_search.analysis.selection import selection_floors
from mtl_search.analysis.summary import pareto_front, rung_correlations
from mtl_search.analysis.views.classes import positive_classes
from mtl_search.config import Config
from mtl_search.report.by_task_table import print_tasks
from mtl_search.report.finalists_table import print_finalists
from mtl_search.report.health_lines import print_health
from mtl_search.report.leaderboard_table import print_leaderboard
from mtl_search.report.totals_table import print_totals
from mtl_search.storage.binding.going_on import how_to_go_on
from mtl_search.storage.records import SweepRecord

_STYLE = {
    "sharing helps": "green",
    "sharing hurts": "red",
    "practically equal": "cyan",
    "don't know": "yellow",
    "not tested": "dim",
}
_MOST_TOLD = 5  # binary targets, whose positive class is told
_FRONT_REFERENCE = {
    "single": "the single-task references",
    "best": "the best value of each task",
}


def render(evidence: Evidence, console: Console, folder: Path | None = None) -> None:
    """Print the report.

    Args:
        evidence: Record, config and verdict of the sweep, finished or not.
        console: The console to print to; tables look well in 60 columns and more.
        folder: The sweep's folder, for the commands at the end; default `runs/<name>`.
    """
    record, config = evidence.record, evidence.config
    tasks, verdict = evidence.tasks, evidence.verdict
    print_leaderboard(evidence, console)
    print_finalists(evidence, console)
    print_tasks(record, tasks, verdict, console)
    print_totals(record, tasks, selection_floors(record, arm_names(tasks, record)), console)
    for line in [*_remarks(record, tasks), *_classes(evidence)]:
        console.print(Text(line))
    style = _STYLE[verdict.outcome]
    console.print(
        Panel(Text(verdict.sentence()), title="Verdict", title_align="left", border_style=style)
    )
    print_health(health_checks(evidence), console)
    # Not wrapped, or a command could not be copied.
    commands = _next(record, config, folder or Path("runs") / config.name)
    console.print(commands, no_wrap=True, overflow="ignore", crop=False)


def _classes(evidence: Evidence) -> list[str]:
    told = positive_classes(evidence)
    lines = [f"{line}." for line in told[:_MOST_TOLD]]
    if len(told) > _MOST_TOLD:
        lines.append(f"The report as HTML or JSON has the other {len(told) - _MOST_TOLD} of these.")
    return lines


def _remarks(record: SweepRecord, tasks: Tasks) -> list[str]:
    lines = [] if record.stop is None else [stop_text(record.stop)]
    for rung in rung_correlations(record, tasks):
        value = (
            "undefined, all alike" if rung.spearman is None else formats.signed(rung.spearman, 2)
        )
        lines.append(
            f"Rank correlation of epoch {rung.epoch} with the end, arm {rung.arm}: {value} "
            f"({rung.trials} trials that were not stopped)"
        )
    front = pareto_front(record, tasks, validation_reference(record, tasks))
    if front:
        reference = _FRONT_REFERENCE[front.against]
        line = f"Pareto front over the main tasks: {len(front.trials)} of {front.points} trials"
        if front.hypervolume is not None:
            line += f"; hypervolume {front.hypervolume:.3f} (1 is what {reference} span)"
        lines.append(line)
    return lines


def _next(record: SweepRecord, config: Config, folder: Path) -> Text:
    name = shlex.quote(str(folder))
    lines = [f"mtl-search ui {name}", f"mtl-search report {name} --html report.html"]
    trials = 2 * config.search.trials if record.complete else None
    if not (trials and any(trial.is_member for trial in record)):  # a population keeps its size
        lines.append(how_to_go_on(record, folder, trials))
    return Text("Next:  " + "\n       ".join(lines), style="bold")
