"""The table: for each kind of set what was answered, what is true, and whether goals are met."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from tests.benchmarks.planted_sets.outcome import Outcome
from tests.benchmarks.planted_sets.rows import Row

FOUND_GOAL = 0.90
COVERAGE_GOAL = 0.93
NETWORKS = ("recommended", "equal", "single", "twin")

LEGEND = """\
False "helps": sweeps that say "sharing helps" where {further} further seeds do not show it, against
the tuned separate networks and against the twin; goal beside it. False "hurts" likewise.
Found: "sharing helps" among the sweeps where the further seeds show it; goal at least 90 %.
Covered: sweeps whose 95 % interval holds the difference of the further seeds, against the separate
networks and against the twin; goal at least 93 %. The further seeds' own error counts against it.
Behind equal: recommended networks that are significantly behind those of the equal arm on further
seeds; goal 0.
Skill: mean R² of the main tasks on further seeds and samples that no sweep has seen, in points.
"""


@dataclass(frozen=True)
class Figure:
    """A count of sweeps, and whether it meets its goal.

    Attributes:
        count: Sweeps that count.
        total: Sweeps that could.
        met: Whether the goal is met; None where there is none, or no sweep to judge by.
    """

    count: int
    total: int
    met: bool | None = None

    def __str__(self) -> str:
        if not self.total:
            return "–"
        verdict = {True: ", met", False: ", missed", None: ""}[self.met]
        return f"{self.count} of {self.total}{verdict}"


def false_helps(row: Row, outcomes: Sequence[Outcome]) -> Figure:
    """Count the sweeps that say "helps" where it is not true."""
    false = [o for o in outcomes if _says(o, "helps") and not (o.truly_helps and not row.no_gain)]
    return _at_most(len(false), len(outcomes), row.most_false)


def false_hurts(outcomes: Sequence[Outcome]) -> Figure:
    """Count the sweeps that say "hurts" where it is not true."""
    false = [o for o in outcomes if _says(o, "hurts") and not o.truly_hurts]
    return Figure(len(false), len(outcomes))


def found(row: Row, outcomes: Sequence[Outcome]) -> Figure:
    """Count the sweeps that say "helps" among those where it is true."""
    true = [o for o in outcomes if o.truly_helps and not row.no_gain]
    count = sum(_says(o, "helps") for o in true)
    if not row.must_find:
        return Figure(count, len(true))
    return _at_least(count, len(true), FOUND_GOAL)


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
    return _at_most(sum(o.behind_equal for o in outcomes), len(outcomes), 0.0)


def render(rows: Iterable[Row], outcomes: Sequence[Outcome]) -> str:
    """Return the tables as Markdown, rows without a sweep left out.

    Args:
        rows: The kinds of sets, in the order of the table.
        outcomes: All sweeps.
    """
    by_row = [(row, [o for o in outcomes if o.job.row == row.name]) for row in rows]
    by_row = [(row, of_row) for row, of_row in by_row if of_row]
    further = "/".join(str(n) for n in sorted({o.job.further for o in outcomes}))
    parts = [
        _table(_ANSWERS, by_row),
        LEGEND.format(further=further),
        _table(_NETWORKS, by_row),
        _table(_COSTS, by_row),
    ]
    return "\n".join(parts)


def _says(outcome: Outcome, word: str) -> bool:
    return outcome.sharing == f"sharing {word}"


def _at_most(count: int, total: int, share: float) -> Figure:
    return Figure(count, total, count <= share * total if total else None)


def _at_least(count: int, total: int, share: float) -> Figure:
    return Figure(count, total, count >= share * total if total else None)


Cell = Callable[[Row, Sequence[Outcome]], object]

_ANSWERS: dict[str, Cell] = {
    "planted": lambda row, _: f"`{row.name}` {row.title}",
    "truth": lambda row, _: row.truth,
    "sets": lambda _, of_row: len(of_row),
    "truly helps / hurts": lambda _, of_row: _truths(of_row),
    "answers": lambda _, of_row: _words(o.sharing.removeprefix("sharing ") for o in of_row),
    'false "helps"': false_helps,
    'false "hurts"': lambda _, of_row: false_hurts(of_row),
    "found": found,
    "covered, single": lambda _, of_row: covered(of_row, "single"),
    "covered, twin": lambda _, of_row: covered(of_row, "twin"),
    "behind equal": lambda _, of_row: behind_equal(of_row),
}
_NETWORKS: dict[str, Cell] = {
    "planted": lambda row, _: f"`{row.name}`",
    "skill: " + " / ".join(NETWORKS): lambda _, of_row: _skills(of_row),
    "recommended − single": lambda _, of_row: _mean_gain(of_row, "single"),
    "recommended − twin": lambda _, of_row: _mean_gain(of_row, "twin"),
    "recommended − equal": lambda _, of_row: _mean_gain(of_row, "equal"),
    "weights": lambda _, of_row: _words(o.weights.removeprefix("weights ") for o in of_row),
    "median weight of the last task": lambda _, of_row: _last_weight(of_row),
    "depths": lambda _, of_row: _words(str(o.depth) for o in of_row),
}
_COSTS: dict[str, Cell] = {
    "planted": lambda row, _: f"`{row.name}`",
    "trials a sweep": lambda _, of_row: _mean(of_row, lambda o: o.trials),
    "epochs a sweep": lambda _, of_row: _mean(of_row, lambda o: o.epochs),
    "seconds a sweep": lambda _, of_row: _mean(of_row, lambda o: o.seconds, digits=1),
    "of these in training": lambda _, of_row: _mean(of_row, lambda o: o.training_seconds, digits=1),
}


def _table(columns: dict[str, Cell], by_row: Sequence[tuple[Row, Sequence[Outcome]]]) -> str:
    lines = [list(columns), ["---"] * len(columns)]
    for row, of_row in by_row:
        lines.append([str(cell(row, of_row)) for cell in columns.values()])
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _words(words: Iterable[str]) -> str:
    counts = Counter(words)
    return ", ".join(f"{word} {count}" for word, count in sorted(counts.items()))


def _truths(outcomes: Sequence[Outcome]) -> str:
    return f"{sum(o.truly_helps for o in outcomes)} / {sum(o.truly_hurts for o in outcomes)}"


def _skills(outcomes: Sequence[Outcome]) -> str:
    means: Iterator[float] = (
        100 * statistics.fmean(o.skills[name] for o in outcomes) for name in NETWORKS
    )
    return " / ".join(f"{mean:.1f}" for mean in means)


def _mean_gain(outcomes: Sequence[Outcome], against: str) -> str:
    return f"{100 * statistics.fmean(o.gains[against].mean for o in outcomes):+.1f}"


def _last_weight(outcomes: Sequence[Outcome]) -> str:
    """Return the median weight of the last task relative to the first."""
    ratios = []
    for outcome in outcomes:
        weights = list(outcome.loss_weights.values())
        ratios.append(weights[-1] / weights[0])
    return f"{statistics.median(ratios):.2f}"


def _mean(
    outcomes: Sequence[Outcome], value: Callable[[Outcome], float], *, digits: int = 0
) -> str:
    return f"{statistics.fmean(map(value, outcomes)):.{digits}f}"
