"""What a reader must know to trust a verdict, beside its numbers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from mtl_search.analysis import formats
from mtl_search.analysis.comparison import Comparison
from mtl_search.analysis.measure import Measure
from mtl_search.analysis.references import Tasks
from mtl_search.metrics.metric_key import metric_key, scale_key
from mtl_search.storage.records import SweepRecord

# Below this skill a relative gain over a reference is mostly the smallness of the reference.
_LOW_SKILL = 0.1


def notes_of(
    record: SweepRecord,
    measure: Measure | None,
    tasks: Tasks,
    missing: Iterable[str],
    *,
    compared: Sequence[Comparison],
    reference: Mapping[str, float],
) -> Iterator[str]:
    """Yield the notes of a verdict, without full stops.

    Args:
        record: The sweep's record.
        measure: What gains are measured in.
        tasks: Main tasks with their metrics.
        missing: Notes on finalists that do not count.
        compared: The comparisons that the verdict is made of.
        reference: `test/<task>/<metric>` → mean of the single-task networks.
    """
    yield from missing
    yield from _failed_on_splits(record)
    for name, reason in record.excluded_metrics.items():
        task, _, metric = name.rpartition("/")
        if task in tasks:
            yield f"The {metric} of task {task} is left out: {reason}"
    if any(c.gain.items == 0 and c.interval is not None for c in compared):
        yield "The interval is over seeds alone: no scores of single test items were kept"
    for comparison in compared:
        if comparison.interval is not None and not comparison.gain.has_spread:
            yield (
                f"All seeds gave the same result against {comparison.against}, "
                "so its interval says nothing"
            )
    near_trivial = list(_near_trivial(record, tasks, reference))
    if near_trivial and measure is not None:
        literature = next((c.delta_m for c in compared), None)
        value = "" if literature is None else f", {formats.signed(100 * literature, 1)} %,"
        yield (
            f"Do not rely on Δm{value} which divides by references that are hardly better than a "
            f"constant prediction, or worse: {', '.join(near_trivial)}"
        )


def _failed_on_splits(record: SweepRecord) -> Iterator[str]:
    trials = [trial for trial in record if trial.arm.is_split and trial.finished]
    failed = [trial for trial in trials if trial.state != "COMPLETE"]
    if failed:
        reason = failed[0].reason.partition("\n")[0]
        yield (
            f"{len(failed)} of {len(trials)} trials on other random splits failed, "
            f"such as {failed[0].id}: {reason}"
        )


def _near_trivial(
    record: SweepRecord, tasks: Tasks, reference: Mapping[str, float]
) -> Iterator[str]:
    for task, metrics in tasks.items():
        for metric in metrics:
            scale = record.scales.get(scale_key(task, metric))
            value = reference.get(metric_key("test", task, metric))
            if scale is None or value is None:
                continue
            trivial, perfect = scale
            if (value - trivial) / (perfect - trivial) < _LOW_SKILL:
                yield f"{task} {metric} {value:.3g} (constant: {trivial:.3g})"
