"""One network against another over random partitions of the data.

The interval of the verdict knows other seeds and other test items, and is about networks that were
trained on these very training rows. Other data give other networks. Partitions of the data at hand
are the nearest thing to other data of the same kind and size (see `statistics.splits`).

J partitions
"""

from __future__ import annotations

import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mtl_search.analysis import formats
from mtl_search.analysis.finalists import SharedNetwork
from mtl_search.analysis.measure import Measure, MeasureName, gain_in_words
from mtl_search.analysis.statistics.difference import Difference
from mtl_search.analysis.statistics.splits import split_difference
from mtl_search.metrics.metric_key import metric_key
from mtl_search.storage.arm_name import TWIN_SEPARATE, ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord

_SINGLE = ArmName("single")  # all single-task arms together


@dataclass(frozen=True)
class SplitComparison:
    """The best shared network against others, over random partitions of the data.

    Attributes:
        against: The arm that it is compared with; `single` stands for all single-task arms.
        measure: What they are compared by.
        gain: The mean over partitions.
        interval: Its 95 % interval; None for fewer than two partitions.
        by_split: Number of the partition → the gain on its test samples.
        begun: Number of partitions that training has begun on; those that count may be fewer.
    """

    against: str
    measure: MeasureName
    gain: Difference
    interval: tuple[float, float] | None
    by_split: dict[int, float]
    begun: int

    def counts(self) -> str:
        """Return the number of partitions that count, in words."""
        count = len(self.by_split)
        if count < self.begun:
            return f"{count} of {self.begun} random splits"
        return f"{count} random splits"

    def numbers(self) -> str:
        """Return the gain with its interval, in words.

        Such as `skill +1.2 points (95 % interval -0.3 … +2.7)`.
        """
        mean = gain_in_words(self.measure, self.gain.mean)
        if self.interval is None:
            return f"{mean} (no interval)"
        if not self.gain.has_spread:
            return f"{mean} (on all alike)"
        low, high = (formats.signed(100 * end, 1) for end in self.interval)
        return f"{mean} (95 % interval {low} … {high})"


def split_comparisons(
    record: SweepRecord,
    measure: Measure | None,
    best: SharedNetwork | None,
    origins: Mapping[str, str],
) -> dict[str, SplitComparison]:
    """Compare the best shared network with all that was trained on the same partitions.

    Args:
        record: The sweep's record.
        measure: What they are compared by.
        best: The best shared network.
        origins: Arm → id of the trial whose configuration speaks for it.

    Returns:
        `single`, for the tuned single-task networks, and `twin/separate`, for the same network with
        nothing shared → the comparison; left out where there is none.
    """
    if best is None or measure is None:
        return {}
    ours = _trials_by_split(record, best.arm, best.origin)
    begun = len({t.split for t in record.arm(best.arm.on_splits) if t.origin == best.origin})
    others = {TWIN_SEPARATE: [_trials_by_split(record, TWIN_SEPARATE, best.origin)]}
    singles = [ArmName.single(task) for task in measure.tasks]
    if all(arm in origins for arm in singles):
        tuned = [_trials_by_split(record, arm, origins[arm]) for arm in singles]
        others = {_SINGLE: tuned, **others}
    comparisons = {}
    for against, theirs in others.items():
        comparison = _compare(against, ours, theirs, measure=measure, begun=begun)
        if comparison is not None:
            comparisons[str(against)] = comparison
    return comparisons


def _trials_by_split(record: SweepRecord, arm: ArmName, origin: str) -> dict[int, TrialRecord]:
    """Return the trials of a configuration on other partitions that ended well, by partition."""
    return {
        trial.split: trial
        for trial in record.arm(arm.on_splits)
        if trial.origin == origin and trial.state == "COMPLETE" and trial.test
    }


def _compare(
    against: str,
    ours: Mapping[int, TrialRecord],
    theirs: Sequence[Mapping[int, TrialRecord]],
    *,
    measure: Measure,
    begun: int,
) -> SplitComparison | None:
    """Compare our network with those that together stand against it; None without a common split.

    All are given as partition → trial.
    """
    by_split = {}
    for split in sorted(set(ours).intersection(*theirs)):
        our_test = ours[split].test
        their_test: dict[str, float] = {}
        for trials in theirs:
            their_test |= trials[split].test
        if _has_all(our_test, measure) and _has_all(their_test, measure):
            by_split[split] = measure.value(our_test) - measure.value(their_test)
    if not by_split:
        return None
    gain = split_difference(
        list(by_split.values()),
        _mean_size(ours, by_split, "train"),
        _mean_size(ours, by_split, "test"),
    )
    return SplitComparison(against, measure.name, gain, gain.interval(), by_split, begun)


def _has_all(test: Mapping[str, float], measure: Measure) -> bool:
    """Return whether every metric that counts is there; on small splits one may be undefined."""
    return all(
        metric_key("test", task, scale.metric) in test
        for task, scales in measure.scales.items()
        for scale in scales
    )


def _mean_size(trials: Mapping[int, TrialRecord], splits: Mapping[int, float], part: str) -> int:
    """Return the mean number of samples; groups that stay together make sizes differ."""
    return round(statistics.fmean(trials[split].info["samples"][part] for split in splits))
