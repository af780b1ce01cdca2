"""The recommended network of a sweep against that of another one.

Where both were scored on the same test items the interval is that of the verdict, over seeds and
items. On other test items of the same data each side brings its own. Where that cannot be told
only seeds count, and between other data there is no interval at all.

S seeds of one side, N test items
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from mtl_search.analysis import formats
from mtl_search.analysis.comparison import Run, Runs, compare
from mtl_search.analysis.estimate import MIN_SEEDS
from mtl_search.analysis.measure import (
    Array,
    Measure,
    MeasureName,
    delta_m_measure,
    gain_in_words,
    mean_metrics,
    skill_measure,
)
from mtl_search.analysis.references import Tasks
from mtl_search.analysis.statistics.answers import position
from mtl_search.analysis.statistics.difference import Difference
from mtl_search.analysis.statistics.independent import independent_difference
from mtl_search.analysis.sweeps.same_data import Sameness, sameness
from mtl_search.analysis.sweeps.sweep import Sweep
from mtl_search.metrics.definitions import METRICS

_BASES: dict[Sameness, str] = {
    "same": "over seeds and the test items that both share",
    "presumed": "over seeds alone: it is not recorded whether both had the same test items",
    "other split": "over seeds and the test items of each: they are another split of the data",
}
_SEEDS_ALONE = "over seeds alone: the scores of test items are not there"
_ANSWERS = {
    "above": "better",
    "below": "worse",
    "equal": "practically equal",
    "open": "not decided",
}
_SENTENCES = {
    "better": "{ours} is better than {theirs}",
    "worse": "{ours} is worse than {theirs}",
    "practically equal": "{ours} is practically equal to {theirs}",
    "not decided": "{ours} is neither clearly better nor clearly worse than {theirs}",
}


@dataclass(frozen=True)
class NetworkDifference:
    """What the recommended network of a sweep gains over that of another one.

    Attributes:
        sweep: Label of the sweep.
        against: Label of the sweep that it is compared with.
        measure: What gains are measured in.
        gain: Mean over the tasks that both have; None where it would say nothing.
        interval: Its interval at `level`; None where there is none.
        level: Coverage of the interval. It is above 0.95 with several comparisons, so that all of
            them together are right in 95 % of cases.
        answer: `better`, `worse`, `practically equal` or `not decided`; empty without an interval.
        basis: What the interval is over, or why there is none.
        tasks: Task → its gain.
    """

    sweep: str
    against: str
    measure: MeasureName = "skill"
    gain: Difference | None = None
    interval: tuple[float, float] | None = None
    level: float = 0.95
    answer: str = ""
    basis: str = ""
    tasks: Mapping[str, Difference] = field(default_factory=dict)

    def sentence(self) -> str:
        """Return the answer in words."""
        ours, theirs = f"The network that {self.sweep} recommends", f"that of {self.against}"
        if self.gain is None:
            return f"The network of {self.sweep} is not compared with {theirs}: {self.basis}."
        mean = gain_in_words(self.measure, self.gain.mean)
        if self.interval is None:
            return f"{ours} has {mean} against {theirs}, without an interval: {self.basis}."
        low, high = (f"{formats.signed(100 * end, 1)}" for end in self.interval)
        seeds = " and ".join(map(str, dict.fromkeys(self.gain.seeds)))
        answer = _SENTENCES[self.answer].format(ours=ours, theirs=theirs)
        return f"{answer}: {mean} (95 % interval {low} … {high}; {seeds} seeds; {self.basis})."


def network_differences(sweeps: Sequence[Sweep]) -> list[NetworkDifference]:
    """Compare the recommended network of every sweep with that of the first.

    Args:
        sweeps: The sweeps.
    """
    first, *others = sweeps
    level = 1.0 - 0.05 / max(len(others), 1)  # Bonferroni: all intervals together hold in 95 %
    return [_compare(other, first, level) for other in others]


def common_tasks(one: Sweep, other: Sweep) -> dict[str, tuple[str]]:
    """Return the main tasks that both have, with the metric by which they count in both.

    Args:
        one: A sweep.
        other: Another one.
    """
    return {
        task: (metric,) for task, metric in one.metrics.items() if other.metrics.get(task) == metric
    }


def _compare(ours: Sweep, theirs: Sweep, level: float) -> NetworkDifference:
    empty = NetworkDifference(ours.label, theirs.label, level=level)
    tasks = common_tasks(ours, theirs)
    same = sameness(ours, theirs)
    if reason := _why_not(ours, theirs, tasks, same):
        return replace(empty, basis=reason)
    our_runs, their_runs = _recommended_runs(ours), _recommended_runs(theirs)
    measures = _measures(ours, theirs, tasks)
    if measures is None:
        return replace(empty, basis="their metrics have no common measure")
    gain, by_task, has_items = _gains(our_runs, their_runs, measures, tasks, same)
    basis = _BASES[same]
    interval = gain.interval(level)
    if same != "presumed" and not has_items:
        basis = _SEEDS_ALONE
        if same == "other split":  # seeds say nothing of the other items
            interval = None
            basis = "they are another split of the data, and scores of test items are not there"
    elif interval is None:
        basis = "one seed is not enough"
    margin = theirs.evidence.verdict.margin
    answer = _ANSWERS[position(gain, margin, level)] if interval is not None else ""
    return replace(
        empty,
        measure=measures[0].name,
        gain=gain,
        interval=interval,
        answer=answer,
        basis=basis,
        tasks=by_task,
    )


def _why_not(ours: Sweep, theirs: Sweep, tasks: Tasks, same: Sameness) -> str:
    """Say why two sweeps' networks are not compared; empty where they can be."""
    if not tasks:
        return "no main task with the same metric is in both"
    if same == "other":
        return "the data are not the same"
    without = [sweep.label for sweep in (ours, theirs) if sweep.networks.best is None]
    if without:
        return f"{' and '.join(without)} has no finalists on fresh seeds"
    return ""


def _recommended_runs(sweep: Sweep) -> Runs:
    best = sweep.networks.best
    return sweep.networks.runs.get(best.arm, {}) if best is not None else {}


def _measures(ours: Sweep, theirs: Sweep, tasks: Tasks) -> tuple[Measure, Measure] | None:
    """Return what each side is measured by: skill, or where a scale is missing, Δm over theirs."""
    skills = [skill_measure(s.evidence.record, s.evidence.config, tasks) for s in (ours, theirs)]
    our_skill, their_skill = skills
    if (
        our_skill is not None
        and their_skill is not None
        and set(our_skill.tasks) == set(their_skill.tasks) == set(tasks)
    ):
        return replace(our_skill, weights=their_skill.weights), their_skill
    reference = mean_metrics(run.test for run in _recommended_runs(theirs).values())
    if any(f"test/{task}/{names[0]}" not in reference for task, names in tasks.items()):
        return None
    importance = {task: theirs.evidence.config.tasks[task].importance for task in tasks}
    directions = ours.evidence.record.directions | theirs.evidence.record.directions
    known = [names[0] in METRICS or names[0] in directions for names in tasks.values()]
    if not all(known):
        return None
    scales = theirs.evidence.record.scales
    measure = delta_m_measure(
        tasks, reference, importance, metric_scales=scales, directions=directions
    )
    return measure, measure


def _gains(
    ours: Runs,
    theirs: Runs,
    measures: tuple[Measure, Measure],
    tasks: Tasks,
    same: Sameness,
) -> tuple[Difference, dict[str, Difference], bool]:
    """Return the mean gain, that of each task, and whether test items count in them."""
    if same == "other split":
        return _independent_gains(ours, theirs, measures)
    if same == "presumed":
        ours, theirs = _without_items(ours), _without_items(theirs)
    comparison = compare("ours", "theirs", ours, theirs, measure=measures[1], tasks=tasks)
    assert comparison is not None
    by_task = {task: compared.gain for task, compared in comparison.tasks.items()}
    return comparison.gain, by_task, comparison.gain.items > 0


def _without_items(runs: Runs) -> Runs:
    return {index: Run(run.test) for index, run in runs.items()}


def _independent_gains(
    ours: Runs, theirs: Runs, measures: tuple[Measure, Measure]
) -> tuple[Difference, dict[str, Difference], bool]:
    """Compare on other test items, each side on its own; without items there is no interval."""
    our_measure, their_measure = measures
    by_task = {}
    our_parts, their_parts = [], []
    for task in our_measure.tasks:
        our_SN, their_SM = _items(ours, our_measure, task), _items(theirs, their_measure, task)
        if our_SN is None or their_SM is None:
            return _means_alone(ours, theirs, measures)
        by_task[task] = independent_difference(our_SN, their_SM)
        weight = their_measure.weights[task]
        our_parts.append(weight * our_SN)
        their_parts.append(weight * their_SM)
    if any(len({part.shape for part in parts}) > 1 for parts in (our_parts, their_parts)):
        return _means_alone(ours, theirs, measures)
    gain = independent_difference(np.sum(our_parts, axis=0), np.sum(their_parts, axis=0))
    return gain, by_task, True


def _items(runs: Runs, measure: Measure, task: str) -> Array | None:
    """Return one task's scores (S, N); None where those of a seed are missing."""
    rows = [measure.task_items(task, run.test, run.items) for run in runs.values()]
    known = [row for row in rows if row is not None]
    if len(known) < max(len(rows), MIN_SEEDS) or len({len(row) for row in known}) != 1:
        return None
    return np.stack(known)


def _means_alone(
    ours: Runs, theirs: Runs, measures: tuple[Measure, Measure]
) -> tuple[Difference, dict[str, Difference], bool]:
    seeds = (len(ours), len(theirs))

    def difference(values: Sequence[float], others: Sequence[float]) -> Difference:
        mean = float(np.mean(values) - np.mean(others))
        return Difference(mean, None, None, seeds, items=0)

    our_measure, their_measure = measures
    by_task = {
        task: difference(
            [our_measure.task_value(task, run.test) for run in ours.values()],
            [their_measure.task_value(task, run.test) for run in theirs.values()],
        )
        for task in our_measure.tasks
    }
    gain = difference(
        [our_measure.value(run.test) for run in ours.values()],
        [their_measure.value(run.test) for run in theirs.values()],
    )
    return gain, by_task, False
