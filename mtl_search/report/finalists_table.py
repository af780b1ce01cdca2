"""What each arm's best configuration reached on fresh seeds, as a table."""

from __future__ import annotations

from rich.console import Console

from mtl_search.analysis.comparison import Comparison
from mtl_search.analysis.references import Tasks
from mtl_search.analysis.verdict import SelectedFinalist, Verdict
from mtl_search.metrics.metric_key import metric_key
from mtl_search.report import formats
from mtl_search.report.tables import Column, fitted, task_columns
from mtl_search.storage.arm_name import EQUAL, SEARCH, ArmName

_SINGLE = "single"  # the row of all single-task arms together


def print_finalists(verdict: Verdict, tasks: Tasks, console: Console) -> None:
    """Print the arms that have finalists; nothing where none has any."""
    arms = [arm for arm in (_SINGLE, EQUAL, SEARCH) if _winners_of(verdict, arm, tasks)]
    if not arms:
        return
    compared: dict[str, Comparison | None] = {EQUAL: verdict.equal, SEARCH: verdict.search}
    columns = [
        Column("arm", arms, right=False),
        Column("gain", [_gain(compared.get(arm)) for arm in arms]),
        Column("Δm %", [_delta_m(compared.get(arm)) for arm in arms], 95),
        *task_columns(
            tasks, lambda task, metric: [_test_cell(verdict, arm, task, metric) for arm in arms]
        ),
        Column("params", [formats.count(_parameters(verdict, arm)) for arm in arms], 85),
        Column("seeds", [_seeds(verdict, arm, tasks) for arm in arms], 60),
        Column("configuration of", [_origin(verdict, arm) for arm in arms], 50, right=False),
    ]
    console.print(
        fitted("Finalists on fresh seeds (test split, mean ± 95 % interval)", columns, console)
    )


def _gain(comparison: Comparison | None) -> str:
    """Show the gain over the single-task networks in points, with its interval."""
    if comparison is None:
        return formats.with_interval(None)
    mean = f"{100 * comparison.gain.mean:+.2f}"
    if comparison.interval is None:
        return mean
    low, high = comparison.interval
    return f"{mean} [{100 * low:+.2f}, {100 * high:+.2f}]"


def _delta_m(comparison: Comparison | None) -> str:
    return formats.percent(comparison.delta_m if comparison else None)


def _winners_of(verdict: Verdict, arm: str, tasks: Tasks) -> list[SelectedFinalist]:
    names = [_arm_of(arm, task) for task in tasks] if arm == _SINGLE else [arm]
    return [verdict.winners[name] for name in names if name in verdict.winners]


def _arm_of(arm: str, task: str) -> str:
    """Return the arm that a row's figure of a task comes from."""
    return ArmName.single(task) if arm == _SINGLE else arm


def _test_cell(verdict: Verdict, arm: str, task: str, metric: str) -> str:
    winner = verdict.winners.get(_arm_of(arm, task))
    if winner is None:
        return formats.with_interval(None)
    return formats.with_interval(winner.test.get(metric_key("test", task, metric)))


def _parameters(verdict: Verdict, arm: str) -> int | None:
    if arm == _SINGLE:
        return verdict.single_parameters
    return verdict.winners[arm].parameters


def _seeds(verdict: Verdict, arm: str, tasks: Tasks) -> str:
    counts = sorted({len(winner.trials) for winner in _winners_of(verdict, arm, tasks)})
    return "–".join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))


def _origin(verdict: Verdict, arm: str) -> str:
    if arm == _SINGLE:
        return "the best of each task"
    return verdict.winners[arm].origin
