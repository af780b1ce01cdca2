"""What each main task gives to the others: the best network again without it, on the same seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from mtl_search.analysis import formats
from mtl_search.analysis.estimate import estimate
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.finalists import finalists_of
from mtl_search.analysis.skills import task_skill
from mtl_search.analysis.views.view import Column, View
from mtl_search.metrics.metric_key import metric_key, scale_key
from mtl_search.storage.arm_name import SHARED, ArmName
from mtl_search.storage.trial_record import TrialRecord

_COLUMNS = (
    Column("without", "task", help="The main task that is left out."),
    Column("task", "gives to", help="The task that is measured; mean: over all others."),
    Column("gain", "gain (points)", "points", "Test skill with the task, less that without it."),
    Column("low", "from", "points", "Lower end of the 95 % interval over seeds."),
    Column("high", "to", "points", "Upper end of the 95 % interval over seeds."),
    Column("seeds", "seeds", "count", "Seeds that both have."),
)
_NOTE = (
    "The best shared network was trained again without one main task, with the same settings on "
    "the same fresh seeds. Above 0 the others are better with the task. The t interval tells what "
    "seeds change, for one row at a time: among many rows some exclude 0 by chance. No setting was "
    "searched anew for the smaller network."
)
MEAN = "mean"


def leave_one_out(evidence: Evidence) -> View | None:
    """Return what each main task gives to each other one; None where none was left out."""
    rows: list[dict[str, object]] = []
    names = dict.fromkeys(t.arm.base for t in evidence.record if t.arm.is_ablation)
    for arm in names:
        if arm.task in evidence.config.main_tasks:
            rows += _rows(evidence, arm)
    if not rows:
        return None
    return View(
        "leave_one_out",
        "What does each task give to the others?",
        _summary(rows),
        _COLUMNS,
        rows,
        note=_NOTE,
    )


def _rows(evidence: Evidence, arm: ArmName) -> list[dict[str, object]]:
    record = evidence.record
    finalists = record.arm(arm.final)
    if not finalists:
        return []
    origin = finalists[-1].origin
    base = record.trials[origin].arm.base
    assert base in SHARED
    whole = finalists_of(record, base, origin)
    fewer = finalists_of(record, arm, origin)
    seeds = sorted(set(whole) & set(fewer))
    measured = [task for task in evidence.tasks if task != arm.task]
    gains = {
        task: [_skill(evidence, whole[s], task) - _skill(evidence, fewer[s], task) for s in seeds]
        for task in measured
        if _is_known(evidence, task, [runs[s] for runs in (whole, fewer) for s in seeds])
    }
    if not seeds or not gains:
        return []
    means = [sum(values) / len(values) for values in zip(*gains.values(), strict=True)]
    return [_row(str(arm.task), task, values) for task, values in {MEAN: means, **gains}.items()]


def _row(without: str, task: str, values: list[float]) -> dict[str, object]:
    found = estimate(values)
    return {
        "without": without,
        "task": task,
        "gain": found.mean,
        "low": found.low,
        "high": found.high,
        "seeds": len(values),
    }


def _is_known(evidence: Evidence, task: str, trials: Sequence[TrialRecord]) -> bool:
    """Return whether the first metric of a task has a scale, and a value in all trials."""
    if not evidence.tasks[task]:
        return False
    metric = evidence.tasks[task][0]
    key = metric_key("test", task, metric)
    has_scale = scale_key(task, metric) in evidence.record.scales
    return has_scale and all(key in trial.test for trial in trials)


def _skill(evidence: Evidence, trial: TrialRecord, task: str) -> float:
    metric = evidence.tasks[task][0]
    value = trial.test[metric_key("test", task, metric)]
    return task_skill(evidence.record, task, metric, value)


def _summary(rows: Sequence[Mapping[str, object]]) -> str:
    means = {str(row["without"]): float(str(row["gain"])) for row in rows if row["task"] == MEAN}
    best = max(means, key=lambda task: means[task])
    worst = min(means, key=lambda task: means[task])
    text = (
        f"The others gain most from {best} ({formats.signed(100 * means[best], 2)} points of skill)"
    )
    if best != worst:
        text += f" and least from {worst} ({formats.signed(100 * means[worst], 2)})"
    own = [row for row in rows if row["task"] == MEAN and row["low"] is not None]
    shown = sum(not float(str(row["low"])) <= 0 <= float(str(row["high"])) for row in own)
    if not shown:
        return f"{text}. No interval excludes 0: seeds alone may make such differences."
    return f"{text}. 0 lies outside {shown} of the {len(means)} intervals over seeds."
