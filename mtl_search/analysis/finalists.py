"""Which configuration speaks for each arm: the best by validation, never by test."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from mtl_search.analysis.paired import MIN_SEEDS, Runs, Tasks, estimate
from mtl_search.analysis.verdict import SelectedFinalist
from mtl_search.metrics.metric_key import metric_key
from mtl_search.storage.arm_name import SHARED, ArmName
from mtl_search.storage.records import SweepRecord, TrialRecord


@dataclass
class Selection:
    """The configuration that speaks for each arm.

    Attributes:
        winners: Arm, without `final/` → its configuration; arms without usable finalists are left
            out.
        runs: Arm → test metrics of its configuration, by seed index.
        notes: What is missing: finalists that failed, have not finished, or have no test metrics.
    """

    winners: dict[str, SelectedFinalist] = field(default_factory=dict)
    runs: dict[str, Runs] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


def select_finalists(record: SweepRecord, tasks: Tasks) -> Selection:
    """Choose the configuration that speaks for each arm.

    Args:
        record: The sweep's record.
        tasks: Main tasks with their metrics; a finalist counts where it has all of its tasks.
    """
    selection = Selection()
    ablations = [trial.arm.base for trial in record if trial.is_finalist and trial.arm.is_ablation]
    singles = [ArmName.single(task) for task in tasks]
    for arm in dict.fromkeys([*singles, *SHARED, *ablations]):
        finalists = record.arm(arm.final)
        usable = [trial for trial in finalists if has_metrics(trial, arm, tasks)]
        if len(usable) < len(finalists):
            selection.notes.append(_missing_note(arm, finalists, usable))
        if usable:
            group = _strongest_group(usable)
            indices = seed_indices(finalists)
            by_index = {indices[trial.id]: trial for trial in group}
            selection.winners[arm] = _selected(arm, by_index)
            selection.runs[arm] = {index: trial.test for index, trial in by_index.items()}
    return selection


def has_metrics(trial: TrialRecord, arm: ArmName, tasks: Tasks) -> bool:
    """Return whether a finalist ended well, with all test metrics of the arm's main tasks."""
    if trial.state != "COMPLETE" or trial.objective is None:
        return False
    names = [arm.task] if arm.is_single and arm.task else list(tasks)
    return all(metric_key("test", task, m) in trial.test for task in names for m in tasks[task])


def seed_indices(finalists: Sequence[TrialRecord]) -> dict[str, int]:
    """Return the seed index of each finalist: its place among those of the same configuration.

    Args:
        finalists: All finalists of an arm, by number; also those that failed, since they have had
            their seeds.
    """
    count: Counter[str] = Counter()
    indices = {}
    for trial in finalists:
        indices[trial.id] = count[trial.origin]
        count[trial.origin] += 1
    return indices


def common_names(runs: Iterable[Mapping[str, float]]) -> list[str]:
    """Return the metrics that all runs have, in the order of the first run."""
    all_runs = list(runs)
    if not all_runs:
        return []
    return [name for name in all_runs[0] if all(name in run for run in all_runs)]


def _strongest_group(finalists: Sequence[TrialRecord]) -> list[TrialRecord]:
    """Return the finalists of the best configuration by the mean of their validation objectives."""
    by_origin: dict[str, list[TrialRecord]] = {}
    for trial in finalists:
        by_origin.setdefault(trial.origin, []).append(trial)

    def strength(group: list[TrialRecord]) -> tuple[bool, float]:
        mean = statistics.fmean(trial.best_objective for trial in group)
        return len(group) >= MIN_SEEDS, mean  # a single lucky seed loses against two

    # max() keeps the first of equals, which is the origin that ranked higher in the search.
    return max(by_origin.values(), key=strength)


def _selected(arm: ArmName, by_index: Mapping[int, TrialRecord]) -> SelectedFinalist:
    trials = [by_index[index] for index in sorted(by_index)]
    tests = [trial.test for trial in trials]
    info = trials[0].info
    return SelectedFinalist(
        arm=arm,
        origin=trials[0].origin,
        trials={index: by_index[index].id for index in sorted(by_index)},
        parameters=info.get("parameters"),
        depth=info.get("depth"),
        test={name: estimate([test[name] for test in tests]) for name in common_names(tests)},
    )


def _missing_note(arm: str, finalists: list[TrialRecord], usable: list[TrialRecord]) -> str:
    failed = sum(trial.state in ("FAIL", "PRUNED") for trial in finalists)
    running = sum(trial.state == "RUNNING" for trial in finalists)
    counts = {
        "failed": failed,
        "not finished": running,
        "without test metrics": len(finalists) - len(usable) - failed - running,
    }
    reasons = ", ".join(f"{count} {reason}" for reason, count in counts.items() if count)
    return f"{len(usable)} of {len(finalists)} finalists of arm {arm} count ({reasons})"
