"""What is counted over the sweeps of a kind, each count with its goal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tests.benchmarks.planted_sets.outcome import Outcome
from tests.benchmarks.planted_sets.rows import ROWS

FOUND_GOAL = 0.90
COVERAGE_GOAL = 0.93
BEHIND_LEVEL = 0.05


@dataclass(frozen=True)
class Figure:
    """A count of sweeps with its goal.

    Attributes:
        count: Sweeps that count.
        total: Sweeps that could.
        goal: What the goal is, in words; empty where there is none.
        met: Whether it is met; None where there is no goal, or no sweep to judge by.
    """

    count: int
    total: int
    goal: str = ""
    met: bool | None = None

    def __str__(self) -> str:
        if not self.total:
            return "–"
        if self.met is None:
            return f"{self.count} of {self.total}"
        return f"{self.count} of {self.total} ({self.goal}: {'met' if self.met else 'MISSED'})"


def false_helps(outcomes: Sequence[Outcome]) -> Figure:
    """Count the sweeps that say "helps" where it is not true.

    Of kinds of sets with different goals the least strict one holds.

    Args:
        outcomes: The sweeps.
    """
    false = [o for o in outcomes if _says(o, "helps") and not o.truly_helps]
    share = max((ROWS[o.job.row].most_false for o in outcomes), default=0.0)
    return _at_most(len(false), len(outcomes), share)


def false_hurts(outcomes: Sequence[Outcome]) -> Figure:
    """Count the sweeps that say "hurts" where it is not true."""
    false = [o for o in outcomes if _says(o, "hurts") and not o.truly_hurts]
    return Figure(len(false), len(outcomes))


def found(outcomes: Sequence[Outcome]) -> Figure:
    """Count the sweeps that say "helps" among those where it is true."""
    true = [o for o in outcomes if o.truly_helps]
    return _at_least(sum(_says(o, "helps") for o in true), len(true), FOUND_GOAL)


def covered(outcomes: Sequence[Outcome], against: str) -> Figure:
    """Count the sweeps whose interval holds the difference that further seeds show.

    Args:
        outcomes: The sweeps.
        against: `single` or `twin`.
    """
    judged = [o for o in outcomes if against in o.intervals]
    count = sum(
        o.intervals[against].low <= o.differences[against].mean <= o.intervals[against].high
        for o in judged
    )
    return _at_least(count, len(judged), COVERAGE_GOAL)


def behind_equal(outcomes: Sequence[Outcome]) -> Figure:
    """Count the sweeps that recommend a network that is behind the equal arm's."""
    losses = [o.gains["equal"] for o in outcomes if o.gains["equal"].mean < 0]
    # Holm's method finds something at all where Bonferroni's does.
    significant = any(loss.p_value * len(outcomes) < BEHIND_LEVEL for loss in losses)
    count = sum(loss.high < 0 for loss in losses)
    return Figure(count, len(outcomes), "none by Holm", not significant if outcomes else None)


def _says(outcome: Outcome, word: str) -> bool:
    return outcome.sharing == f"sharing {word}"


def _at_most(count: int, total: int, share: float) -> Figure:
    goal = f"≤ {100 * share:.0f} %"
    return Figure(count, total, goal, count <= share * total if total else None)


def _at_least(count: int, total: int, share: float) -> Figure:
    goal = f"≥ {100 * share:.0f} %"
    return Figure(count, total, goal, count >= share * total if total else None)
