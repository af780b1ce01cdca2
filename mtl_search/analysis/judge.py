"""Does sharing help? The answer of a finished sweep, from its finalists and from nothing else.

Finalists are trained on fresh seeds, and the seed index pairs them across arms: the multi-task
network of seed index i is compared with the single-task networks of the same i, so that what a seed
has in common cancels out. The index counts the finalists of one configuration, which an interrupted
and extended sweep need not have begun together. The interval is Student's t over these paired
differences. It measures what the seeds change (initial weights, batches, dropout) on this one split
of the data; it says nothing of other splits or data sets.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from mtl_search.analysis.finalists import (
    Selection,
    common_names,
    has_metrics,
    seed_indices,
    select_finalists,
)
from mtl_search.analysis.paired import Comparison, Runs, Tasks, compare, difference
from mtl_search.analysis.references import main_metrics
from mtl_search.analysis.verdict import Outcome, SelectedFinalist, Verdict, WeightsOutcome
from mtl_search.config import Config
from mtl_search.storage.arm_name import EQUAL, SEARCH, ArmName
from mtl_search.storage.records import SweepRecord

# By `Comparison.sign`.
_SHARING: dict[int | None, Outcome] = {
    1: "sharing helps",
    -1: "sharing hurts",
    0: "no significant gain",
    None: "not tested",
}
_WEIGHTS: dict[int | None, WeightsOutcome] = {
    1: "weights help",
    -1: "weights hurt",
    0: "no significant gain",
    None: "not tested",
}


def judge(record: SweepRecord, config: Config) -> Verdict:
    """Return the verdict of a sweep under its config."""
    return judge_tasks(record, main_metrics(record, config))


def judge_tasks(record: SweepRecord, tasks: Tasks) -> Verdict:
    """Return the verdict of a sweep on these tasks.

    Args:
        record: The sweep's record; the sweep need not have finished.
        tasks: Main tasks with their metrics. Auxiliary tasks have no part in Δm.
    """
    if not any(trial.is_finalist for trial in record):
        note = "No finalist has been trained on fresh seeds, so nothing is claimed"
        return Verdict(notes=(note,))
    selection = select_finalists(record, tasks)
    single_runs = _merge_single_runs(selection, tasks)
    search, equal = (
        compare(arm, "single", selection.runs.get(arm, {}), single_runs, tasks)
        for arm in (SEARCH, EQUAL)
    )
    sharing = search or equal
    judged = _judged_network(selection, sharing)
    weights = _compare_weights(selection, single_runs, search, equal, tasks)
    return Verdict(
        outcome=_sharing_outcome(sharing, judged),
        weights_outcome=_WEIGHTS[weights.sign if weights else None],
        search=search,
        equal=equal,
        weights=weights,
        winners=selection.winners,
        final_reference={
            name: statistics.fmean(run[name] for run in single_runs.values())
            for name in common_names(single_runs.values())
        },
        parameters=judged.parameters if judged else None,
        single_parameters=_single_parameters(selection, tasks),
        auxiliary=_compare_ablations(record, selection, single_runs, tasks),
        notes=(*selection.notes, *_notes(judged, sharing, weights)),
    )


def _merge_single_runs(selection: Selection, tasks: Tasks) -> Runs:
    """Make one run of the single-task runs of each seed index that all main tasks have."""
    runs_by_task = [selection.runs.get(ArmName.single(task), {}) for task in tasks]
    if not runs_by_task:
        return {}
    indices = set.intersection(*(set(runs) for runs in runs_by_task))
    merged: dict[int, dict[str, float]] = {}
    for index in sorted(indices):
        merged[index] = {}
        for runs in runs_by_task:
            merged[index].update(runs[index])
    return merged


def _judged_network(selection: Selection, sharing: Comparison | None) -> SelectedFinalist | None:
    """Return the network that the outcome is about: that of the search arm, if there is one."""
    arm = sharing.arm if sharing else SEARCH
    return selection.winners.get(arm) or selection.winners.get(EQUAL)


def _compare_weights(
    selection: Selection,
    single_runs: Runs,
    search: Comparison | None,
    equal: Comparison | None,
    tasks: Tasks,
) -> Comparison | None:
    """Compare searched with equal weights: by the difference of both Δm where there are any."""
    if search is not None and equal is not None:
        return difference(search, equal)
    if single_runs:
        return None
    # Without single-task networks the equal arm itself is the reference.
    runs = selection.runs
    return compare(SEARCH, "equal", runs.get(SEARCH, {}), runs.get(EQUAL, {}), tasks)


def _compare_ablations(
    record: SweepRecord, selection: Selection, single_runs: Runs, tasks: Tasks
) -> dict[str, Comparison]:
    """Compare a configuration with the same without an auxiliary task, for each such task."""
    comparisons = {}
    for winner in selection.winners.values():
        task = winner.arm.task
        if not winner.arm.is_ablation or task is None:
            continue
        with_task = _runs_of_origin(record, winner, tasks)
        without_task = selection.runs[winner.arm]
        if single_runs:
            comparison = _difference_to_single(
                winner.arm, with_task, without_task, single_runs, tasks
            )
        else:
            comparison = compare("", winner.arm, with_task, without_task, tasks)
        if comparison is not None:
            comparisons[task] = comparison
    return comparisons


def _runs_of_origin(record: SweepRecord, ablation: SelectedFinalist, tasks: Tasks) -> Runs:
    """Return test metrics, by seed index, of the configuration that an ablation is made of."""
    finalists = [
        trial
        for arm in (SEARCH, EQUAL)
        for trial in record.arm(arm.final)
        if trial.origin == ablation.origin
    ]
    indices = seed_indices(finalists)
    return {
        indices[trial.id]: trial.test
        for trial in finalists
        if has_metrics(trial, ablation.arm, tasks)
    }


def _difference_to_single(
    arm: str, with_task: Runs, without_task: Runs, single_runs: Runs, tasks: Tasks
) -> Comparison | None:
    ours = compare("", "single", with_task, single_runs, tasks)
    theirs = compare(arm, "single", without_task, single_runs, tasks)
    return difference(ours, theirs) if ours and theirs else None


def _single_parameters(selection: Selection, tasks: Tasks) -> int | None:
    """Sum the parameters of the single-task networks; None where one is missing or says none."""
    total = 0
    for task in tasks:
        winner = selection.winners.get(ArmName.single(task))
        if winner is None or winner.parameters is None:
            return None
        total += winner.parameters
    return total


def _sharing_outcome(sharing: Comparison | None, judged: SelectedFinalist | None) -> Outcome:
    sign = sharing.sign if sharing else None
    if sign and judged and judged.shares_nothing:
        # Separate networks all the same: what differs is their settings, or luck.
        return "no significant gain"
    return _SHARING[sign]


def _notes(judged: SelectedFinalist | None, *comparisons: Comparison | None) -> Iterator[str]:
    if judged and judged.shares_nothing:
        yield "The best network found shares nothing (sharing depth 0)"
    arms = [c.arm for c in comparisons if c and c.without_spread]
    for arm in dict.fromkeys(arms):
        yield f"All seeds gave the same Δm of {arm}, so its interval says nothing"
