"""The answer of the sweep: what stands at the top of the page in large type."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mtl_search.analysis import formats
from mtl_search.analysis.comparison import Comparison
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.measure import unit_of
from mtl_search.analysis.verdict import Outcome, Verdict

# Outcome → tone of the colours, sign, and what it means for whoever asked.
_TONES: Mapping[Outcome, tuple[str, str, str]] = {
    "sharing helps": (
        "good",
        "▲",
        (
            "One network for all tasks predicts better than one network for each task, and better "
            "than networks with the very same settings that share nothing."
        ),
    ),
    "sharing hurts": (
        "bad",
        "▼",
        "One network for each task predicts better than the best network that the tasks share.",
    ),
    "practically equal": (
        "even",
        "=",
        (
            "One network for all tasks predicts as well as one for each task, within the margin: "
            "choose by size and speed."
        ),
    ),
    "don't know": (
        "open",
        "?",
        (
            "The tests were too few to tell whether one network for all tasks predicts better or "
            "worse than one for each task."
        ),
    ),
    "not tested": (
        "none",
        "–",
        (
            "The answer needs networks that are trained again on fresh seeds and compared on test "
            "data. What follows is what the trials have shown on validation data so far."
        ),
    ),
}
_NOT_YET = "Some of the networks that the answer needs are missing; the whole verdict says which."
_SHARES_NOTHING = (
    "The best settings that were found keep the networks of the tasks apart (depth 0)."
)


@dataclass(frozen=True)
class Gain:
    """One comparison, as a bar of its interval.

    Attributes:
        label: What is compared.
        text: The gain with its interval.
        low: Where the bar begins, in percent of the width.
        high: Where it ends.
        mean: Where the point is.
    """

    label: str
    text: str
    low: float
    high: float
    mean: float


@dataclass(frozen=True)
class Headline:
    """The answer.

    Attributes:
        tone: `good`, `bad`, `even`, `open` or `none`; the colours follow it.
        sign: A character that says the same without colour.
        outcome: The outcome's name.
        answer: The first words, in large type.
        numbers: The rest of the first sentence.
        meaning: What the answer means, in plain words.
        details: The other sentences.
        gains: The comparisons behind it, on one axis.
        zero: Where no gain is, in percent of the width.
        margin: Where the margin begins, and how wide it is.
        unit: The unit of the gains.
        shown_margin: The margin in that unit.
    """

    tone: str
    sign: str
    outcome: str
    answer: str
    numbers: str
    meaning: str
    details: Sequence[str]
    gains: Sequence[Gain]
    zero: float
    margin: tuple[float, float]
    unit: str
    shown_margin: str


def headline_of(evidence: Evidence) -> Headline:
    """Return the answer of a sweep.

    Args:
        evidence: The sweep.
    """
    verdict = evidence.verdict
    first, *details = verdict.sentences()
    answer, _, numbers = first.partition(": ")
    tone, sign, meaning = _TONES[verdict.outcome]
    compared = list(_compared(verdict))
    low, high = _range(compared, verdict.margin)

    def place(value: float) -> float:
        return round(100 * (value - low) / (high - low), 2)

    return Headline(
        tone,
        sign,
        verdict.outcome,
        answer.rstrip("."),
        numbers,
        _meaning(verdict, meaning),
        details,
        [
            Gain(
                label,
                formats.points(comparison.gain.mean, interval),
                place(interval[0]),
                place(interval[1]),
                place(comparison.gain.mean),
            )
            for label, comparison, interval in compared
        ],
        place(0.0),
        (place(-verdict.margin), round(place(verdict.margin) - place(-verdict.margin), 2)),
        unit_of(verdict.measure),
        f"{100 * verdict.margin:.2g}",
    )


def _meaning(verdict: Verdict, of_outcome: str) -> str:
    if verdict.outcome == "not tested" and verdict.sharing is not None:
        return _NOT_YET
    return _SHARES_NOTHING if verdict.shares_nothing else of_outcome


def _compared(verdict: Verdict) -> Iterable[tuple[str, Comparison, tuple[float, float]]]:
    """Yield the comparisons that have an interval, the one of the answer first."""
    ours = "Best network" if verdict.shares_nothing else "Sharing"
    named = {
        f"{ours}, against tuned separate networks": verdict.sharing,
        f"{ours}, against the same network with nothing shared": verdict.twin,
        "Loss weights, against equal ones": verdict.weights,
        **{f"Auxiliary task {task}": of_task for task, of_task in verdict.auxiliary.items()},
    }
    for label, comparison in named.items():
        if comparison is not None and comparison.interval is not None:
            yield label, comparison, comparison.interval


def _range(
    compared: Sequence[tuple[str, Comparison, tuple[float, float]]], margin: float
) -> tuple[float, float]:
    """Return the ends of the axis: all intervals and twice the margin, with a little air."""
    low = min([-2 * margin, *(interval[0] for _, _, interval in compared)])
    high = max([2 * margin, *(interval[1] for _, _, interval in compared)])
    air = 0.05 * (high - low) or 1.0  # a margin of 0, and nothing compared
    return low - air, high + air
