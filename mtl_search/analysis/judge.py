"""Does sharing help? The answer of a finished sweep, from its finalists and from nothing else.

Finalists are trained on fresh seeds, and the seed index pairs them across arms: the multi-task network of seed index i
is compared with the single-task networks of the same i, so that what a seed has in common cancels out. It counts the
finalists of one configuration, which an interrupted and extended sweep need not have begun together. The interval is
Student's t over these paired differences. It measures what the seeds change (initial weights, batches, dropout) on this
one split; it says nothing of other splits or data sets. Test metrics are read here and select nothing: where an arm has
several finalists, the one with the best mean validation objective speaks for it.
"""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Mapping, Sequence

from mtl_search.analysis.paired import (
    MIN_SEEDS,
    Comparison,
    Runs,
    Tasks,
    compare,
    difference,
    estimate,
)
from mtl_search.analysis.references import main_metrics
from mtl_search.analysis.verdict import Neither, Outcome, SelectedFinalist, Verdict, WeightsOutcome
from mtl_search.config import Config
from mtl_search.metrics.metric_key import metric_key
from mtl_search.storage.records import FINAL, WITHOUT, SweepRecord, TrialRecord


def judge(record: SweepRecord, config: Config) -> Verdict:
    """The verdict of a sweep under its config."""
    return verdict(record, main_metrics(record, config))


def verdict(record: SweepRecord, tasks: Tasks) -> Verdict:
    """The verdict from the finalists in a record.

    Args:
        record: Of the sweep, finished or not.
        tasks: Main tasks with their metrics. Auxiliary tasks are no part of Δm.
    """
    if not any(trial.is_finalist for trial in record):
        return Verdict(
            notes=("No finalist has been trained on fresh seeds, so nothing is claimed",)
        )
    winners, notes = _winners(record, tasks)
    tests = {arm: _tests(record, winner) for arm, winner in winners.items()}
    single = _merge([tests.get(f"single/{task}", {}) for task in tasks])
    against_single = {
        arm: compare(arm, "single", tests.get(arm, {}), single, tasks)
        for arm in ("search", "equal")
    }
    weights = _weights(tests, single, tasks, against_single)
    sharing = against_single["search"] or against_single["equal"]
    judged = winners.get(sharing.arm if sharing else "search") or winners.get("equal")
    return Verdict(
        outcome=_sharing_outcome(sharing, judged),
        weights_outcome=_weights_outcome(weights),
        search=against_single["search"],
        equal=against_single["equal"],
        weights=weights,
        winners=winners,
        final_reference={
            name: statistics.fmean(run[name] for run in single.values()) for name in _names(single)
        },
        parameters=judged.parameters if judged else None,
        single_parameters=_sum([winners.get(f"single/{task}") for task in tasks]),
        auxiliary=_auxiliary(record, winners, single, tasks),
        notes=tuple(notes + _remarks(judged, sharing, weights)),
    )


def _winners(record: SweepRecord, tasks: Tasks) -> tuple[dict[str, SelectedFinalist], list[str]]:
    """The winner of each arm that has finalists, and remarks on finalists that are missing."""
    winners, notes = {}, []
    without = dict.fromkeys(
        t.arm.removeprefix(FINAL) for t in record if t.arm.startswith(FINAL + WITHOUT)
    )
    for arm in [*(f"single/{task}" for task in tasks), "equal", "search", *without]:
        finalists = record.arm(FINAL + arm)
        wanted = _wanted(arm, tasks)
        usable = [
            t
            for t in finalists
            if t.state == "COMPLETE" and wanted <= set(t.test) and t.objective is not None
        ]
        if finalists and len(usable) < len(finalists):
            notes.append(_missing(arm, finalists, usable))
        by_origin: dict[str, list[TrialRecord]] = {}
        for trial in usable:
            by_origin.setdefault(trial.origin, []).append(trial)
        if by_origin:
            # max() keeps the first of equals, which is the origin that ranked higher in the search.
            group = max(by_origin.values(), key=_strength)
            winners[arm] = _winner(arm, group, _seed_indices(finalists))
    return winners, notes


def _wanted(arm: str, tasks: Tasks) -> set[str]:
    mine = [arm.removeprefix("single/")] if arm.startswith("single/") else list(tasks)
    return {metric_key("test", task, metric) for task in mine for metric in tasks[task]}


def _strength(group: list[TrialRecord]) -> tuple[bool, float]:
    """Mean validation objective over the fresh seeds; a single lucky seed loses against two."""
    return len(group) >= MIN_SEEDS, statistics.fmean(t.best_objective for t in group)


def _seed_indices(finalists: Sequence[TrialRecord]) -> dict[str, int]:
    """Id → place among the finalists of the same configuration, which chose its seed; of all trials of an arm."""
    begun: Counter[str] = Counter()
    indices = {}
    for trial in finalists:
        indices[trial.id] = begun[trial.origin]
        begun[trial.origin] += 1
    return indices


def _winner(arm: str, group: list[TrialRecord], indices: Mapping[str, int]) -> SelectedFinalist:
    by_seed = {indices[trial.id]: trial for trial in group}
    info = group[0].info
    return SelectedFinalist(
        arm=arm,
        origin=group[0].origin,
        trials={index: by_seed[index].id for index in sorted(by_seed)},
        parameters=info.get("parameters"),
        depth=info.get("depth"),
        test={
            name: estimate([by_seed[i].test[name] for i in sorted(by_seed)])
            for name in _common(group)
        },
    )


def _common(group: list[TrialRecord]) -> list[str]:
    return [name for name in group[0].test if all(name in trial.test for trial in group)]


def _missing(arm: str, finalists: list[TrialRecord], usable: list[TrialRecord]) -> str:
    def count(what: str, number: int) -> list[str]:
        return [f"{number} {what}"] if number else []

    failed = sum(t.state in ("FAIL", "PRUNED") for t in finalists)
    running = sum(t.state == "RUNNING" for t in finalists)
    undefined = len(finalists) - len(usable) - failed - running
    reasons = [
        *count("failed", failed),
        *count("not finished", running),
        *count("without test metrics", undefined),
    ]
    return f"{len(usable)} of {len(finalists)} finalists of arm {arm} count ({', '.join(reasons)})"


def _tests(record: SweepRecord, winner: SelectedFinalist) -> dict[int, dict[str, float]]:
    """Test metrics by seed index."""
    return {index: record.trials[trial].test for index, trial in winner.trials.items()}


def _merge(parts: list[dict[int, dict[str, float]]]) -> dict[int, dict[str, float]]:
    """One run made of the single-task runs of a seed index, for the indices that all of them have."""
    shared = set.intersection(*(set(part) for part in parts)) if parts else set()
    return {
        i: {name: value for part in parts for name, value in part[i].items()}
        for i in sorted(shared)
    }


def _weights(
    tests: Mapping[str, Runs],
    single: Runs,
    tasks: Tasks,
    against_single: Mapping[str, Comparison | None],
) -> Comparison | None:
    """Search against equal: paired differences of Δm, so with the single-task arms as the common measure."""
    ours, theirs = against_single["search"], against_single["equal"]
    if ours is None or theirs is None:
        # The single-task arms may be missing altogether; then the equal arm is the reference.
        if single:
            return None
        return compare("search", "equal", tests.get("search", {}), tests.get("equal", {}), tasks)
    return difference(ours, theirs)


def _auxiliary(
    record: SweepRecord, winners: Mapping[str, SelectedFinalist], single: Runs, tasks: Tasks
) -> dict[str, Comparison]:
    """The same configuration with and without each auxiliary task, on the same seeds."""
    worth = {}
    for arm, winner in winners.items():
        if not arm.startswith(WITHOUT):
            continue
        wanted = _wanted(arm, tasks)
        whole = [
            t
            for name in ("search", "equal")
            for t in record.arm(FINAL + name)
            if t.origin == winner.origin
        ]
        indices = _seed_indices(whole)
        ours = {
            indices[t.id]: t.test for t in whole if t.state == "COMPLETE" and wanted <= set(t.test)
        }
        theirs = _tests(record, winner)
        with_it, without = (
            compare(name, "single", runs, single, tasks)
            for name, runs in (("", ours), (arm, theirs))
        )
        found = difference(with_it, without) if with_it and without else None
        if not single:
            found = compare("", arm, ours, theirs, tasks)
        if found is not None:
            worth[arm.removeprefix(WITHOUT)] = found
    return worth


def _names(runs: Mapping[int, Mapping[str, float]]) -> list[str]:
    first = next(iter(runs.values()), {})
    return [name for name in first if all(name in run for run in runs.values())]


def _sum(winners: Sequence[SelectedFinalist | None]) -> int | None:
    counts = [winner.parameters for winner in winners if winner and winner.parameters is not None]
    return sum(counts) if len(counts) == len(winners) else None


def _sharing_outcome(comparison: Comparison | None, judged: SelectedFinalist | None) -> Outcome:
    sign = comparison.sign if comparison else None
    if sign and _shares_nothing(
        judged
    ):  # separate networks all the same, with other settings or other luck
        return "no significant gain"
    return "sharing helps" if sign == 1 else "sharing hurts" if sign == -1 else _neither(sign)


def _weights_outcome(comparison: Comparison | None) -> WeightsOutcome:
    sign = comparison.sign if comparison else None
    return "weights help" if sign == 1 else "weights hurt" if sign == -1 else _neither(sign)


def _neither(sign: int | None) -> Neither:
    return "not tested" if sign is None else "no significant gain"


def _shares_nothing(winner: SelectedFinalist | None) -> bool:
    depth = winner.depth if winner else None
    return (set(depth.values()) if isinstance(depth, Mapping) else {depth}) == {0}


def _remarks(winner: SelectedFinalist | None, *comparisons: Comparison | None) -> list[str]:
    notes = []
    if _shares_nothing(winner):
        notes.append("The best network found shares nothing (sharing depth 0)")
    same = [c.arm for c in comparisons if c and c.without_spread]
    return notes + [
        f"All seeds gave the same Δm of {arm}, so its interval says nothing"
        for arm in dict.fromkeys(same)
    ]
