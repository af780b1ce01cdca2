"""Cautions: why sweeps are not comparable, and what must therefore not be concluded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from mtl_search.analysis.sweeps.same_data import sameness
from mtl_search.analysis.sweeps.settings import differing_settings
from mtl_search.analysis.sweeps.sweep import Sweep


@dataclass(frozen=True)
class Caution:
    """A reason why numbers of sweeps do not mean the same.

    Attributes:
        name: What differs.
        seen: What was seen.
        so: What must not be concluded from the comparison.
    """

    name: str
    seen: str
    so: str


def cautions_of(sweeps: Sequence[Sweep]) -> list[Caution]:
    """Return all cautions about sweeps, those that weigh most first.

    Args:
        sweeps: The sweeps; the others are compared with the first.
    """
    groups: dict[tuple[str, str], list[str]] = {}
    for find in _FINDERS:
        for caution in find(sweeps):
            groups.setdefault((caution.name, caution.so), []).append(caution.seen)
    return [Caution(name, "; ".join(seen), so) for (name, so), seen in groups.items()]


def _same_sweep(sweeps: Sequence[Sweep]) -> Iterator[Caution]:
    first, *others = sweeps
    for other in others:
        if other.evidence.record.id == first.evidence.record.id:
            seen = f"{other.label} is the very sweep that {first.label} is, or a copy of it"
            yield Caution("one sweep", seen, "a difference of 0 says nothing")


def _unfinished(sweeps: Sequence[Sweep]) -> Iterator[Caution]:
    for sweep in sweeps:
        record = sweep.evidence.record
        if not record.complete:
            planned = sum(record.budget.values())
            of = f" of {planned:,}" if planned >= record.ended else ""
            seen = f"{sweep.label} is not finished ({record.ended:,}{of} trials have ended)"
            so = "what it recommends, and its verdict, may still change: do not rank it yet"
            yield Caution("unfinished", seen, so)


def _untested(sweeps: Sequence[Sweep]) -> Iterator[Caution]:
    for sweep in sweeps:
        if sweep.networks.best is None:
            seen = f"{sweep.label} has no shared network on fresh seeds"
            so = (
                "nothing is claimed of it: its best trial was picked for its high validation, and "
                "cannot be compared with finalists"
            )
            yield Caution("no finalists", seen, so)


def _tasks(sweeps: Sequence[Sweep]) -> Iterator[Caution]:
    first, *others = sweeps
    for other in others:
        ours, theirs = other.metrics, first.metrics
        parts = [
            f"only {label} has {', '.join(names)}"
            for label, names in (
                (first.label, [task for task in theirs if task not in ours]),
                (other.label, [task for task in ours if task not in theirs]),
            )
            if names
        ]
        metrics = [
            f"{task} counts by {theirs[task]} in {first.label} and by {ours[task]} in {other.label}"
            for task in theirs
            if task in ours and ours[task] != theirs[task]
        ]
        if parts:
            so = "verdicts and mean gains are over other tasks: compare task by task"
            yield Caution("main tasks", "; ".join(parts), so)
        if metrics:
            so = "gains of these tasks are of other metrics: do not compare them"
            yield Caution("metrics", "; ".join(metrics), so)


def _data(sweeps: Sequence[Sweep]) -> Iterator[Caution]:
    first, *others = sweeps
    for other in others:
        both = f"{first.label} and {other.label}"
        match sameness(other, first):
            case "other":
                seen = f"the data of {both} are not the same"
                so = "a higher metric may be easier data: do not put it down to settings"
                yield Caution("data", seen, so)
            case "other split":
                seen = f"{both} had the same data set by its settings, split by another seed"
                so = "networks were scored on other test items: a difference may be their luck"
                yield Caution("split", seen, so)
            case "presumed":
                seen = f"that {both} had the same data is not recorded, only the same settings"
                so = "files may have changed in between: look before you rely on a difference"
                yield Caution("digest of the data", seen, so)


def _measures(sweeps: Sequence[Sweep]) -> Iterator[Caution]:
    measures = {s.label: s.evidence.verdict.measure for s in sweeps if s.evidence.verdict.winners}
    if len(set(measures.values())) > 1:
        names = {"skill": "skill", "delta_m": "Δm"}
        seen = ", ".join(f"{label} by {names[measure]}" for label, measure in measures.items())
        so = "points of skill and percent of Δm are not the same unit: do not compare the gains"
        yield Caution("measure", f"verdicts are measured differently: {seen}", so)


def _objectives(sweeps: Sequence[Sweep]) -> Iterator[Caution]:
    objectives = {
        s.label: "a function"
        if s.evidence.record.custom_objective
        else s.evidence.config.search.objective
        for s in sweeps
    }
    if len(set(objectives.values())) > 1:
        seen = ", ".join(f"{label} by {name}" for label, name in objectives.items())
        so = "each search looked for something else: do not compare their objectives"
        yield Caution("objective", f"trials were selected differently: {seen}", so)


def _importance(sweeps: Sequence[Sweep]) -> Iterator[Caution]:
    first, *others = sweeps
    for other in others:
        tasks = [task for task in first.metrics if task in other.metrics]
        ours, theirs = (s.evidence.config.tasks for s in (other, first))
        unlike = [task for task in tasks if ours[task].importance != theirs[task].importance]
        if unlike:
            seen = f"{', '.join(unlike)} counts more in one of {first.label} and {other.label}"
            so = "mean skills weigh the tasks differently: compare task by task"
            yield Caution("importance", seen, so)


def _versions(sweeps: Sequence[Sweep]) -> Iterator[Caution]:
    first, *others = sweeps
    for other in others:
        packages = [p for p in first.versions if p in other.versions]
        unlike = [
            f"{package} {first.versions[package]} and {other.versions[package]}"
            for package in packages
            if first.versions[package] != other.versions[package]
        ]
        if unlike:
            seen = f"{first.label} and {other.label} ran with other versions: {', '.join(unlike)}"
            so = "small differences may come from the versions alone"
            yield Caution("versions", seen, so)
    without_scales = [
        s.label for s in sweeps if not s.evidence.record.scales and s.evidence.record.trials
    ]
    if without_scales and len(without_scales) < len(sweeps):
        seen = f"{', '.join(without_scales)}: of version 0.1, without skill and without twins"
        so = "its verdict rests on one comparison alone, and says less"
        yield Caution("version 0.1", seen, so)


def _budgets(sweeps: Sequence[Sweep]) -> Iterator[Caution]:
    budgets = {
        s.label: (s.evidence.config.search.trials, s.evidence.config.training.epochs)
        for s in sweeps
    }
    if len(set(budgets.values())) > 1:
        seen = ", ".join(f"{label} {n} × {epochs}" for label, (n, epochs) in budgets.items())
        so = "the larger search had more chances: do not put its lead down to other settings"
        yield Caution("budget", f"trials an arm × epochs differ: {seen}", so)


def _many_settings(sweeps: Sequence[Sweep]) -> Iterator[Caution]:
    paths = [path for path in differing_settings(sweeps) if not _changes_no_network(path)]
    if len(paths) > 1:
        more = f" and {len(paths) - 4} more" if len(paths) > 4 else ""
        shown = ", ".join(paths[:4]) + more
        seen = f"{len(paths)} settings differ: {shown}"
        so = "no difference can be put down to a single one of them: change one at a time"
        yield Caution("several settings", seen, so)


def _changes_no_network(path: str) -> bool:
    """Return whether a setting is a seed, or asks for something to be measured or shown."""
    return path.startswith("report.") or path in ("seed", "search.finalists.leave_one_out")


_FINDERS: tuple[Callable[[Sequence[Sweep]], Iterator[Caution]], ...] = (
    _same_sweep,
    _data,
    _tasks,
    _unfinished,
    _untested,
    _measures,
    _objectives,
    _importance,
    _versions,
    _budgets,
    _many_settings,
)
