"""The table: for each kind of set what was answered, what is true, and whether goals are met."""

from __future__ import annotations

import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence

from tests.benchmarks.planted_sets.figures import (
    behind_equal,
    covered,
    false_helps,
    false_hurts,
    found,
)
from tests.benchmarks.planted_sets.outcome import Outcome
from tests.benchmarks.planted_sets.rows import ROWS

NETWORKS = ("recommended", "equal", "single", "twin")

LEGEND = """\
Beside a figure stands its goal, and whether it is met.
Truly helps: {further} further seeds show a gain over the tuned separate networks and over the twin,
each at 95 %, on samples that no sweep has seen; truly hurts likewise. Where nothing is shared by
construction, nothing truly helps.
False "helps": sweeps that say "sharing helps" where it does not; false "hurts" likewise.
Found: "sharing helps" among the sweeps where it does.
Covered: sweeps whose interval holds the difference of the further seeds, against the separate
networks and against the twin. The further seeds' own error counts against it.
Behind equal: recommended networks that lose against that of the equal arm on further seeds at 95 %;
of networks that are alike 1 in 40 does. The goal is none that is left after Holm's correction for
the number of sets.
Skill: mean R² of the main tasks on further seeds and samples that no sweep has seen, in points.
"""


Cell = Callable[[Sequence[Outcome]], object]


def render(outcomes: Sequence[Outcome]) -> str:
    """Return the tables as Markdown: a line for each kind of set that was run, then one for all.

    Args:
        outcomes: All sweeps.
    """
    by_row = {
        f"`{row.name}` {row.title}; truth: {row.truth}": [
            o for o in outcomes if o.job.row == row.name
        ]
        for row in ROWS.values()
    }
    lines = {title: of_row for title, of_row in by_row.items() if of_row}
    short = {title.split(" ")[0]: of_row for title, of_row in lines.items()}
    further = "/".join(str(n) for n in sorted({o.job.further for o in outcomes}))
    parts = [
        _table(_ANSWERS, {**lines, "all": list(outcomes)}),
        LEGEND.format(further=further),
        _table(_NETWORKS, short),
        _table(_COSTS, short),
    ]
    return "\n".join(parts)


def _table(columns: dict[str, Cell], lines: Mapping[str, Sequence[Outcome]]) -> str:
    rows = [["planted", *columns], ["---"] * (len(columns) + 1)]
    for title, outcomes in lines.items():
        rows.append([title, *(str(cell(outcomes)) for cell in columns.values())])
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _words(words: Iterable[str]) -> str:
    counts = Counter(words)
    return ", ".join(f"{word} {count}" for word, count in sorted(counts.items()))


def _truths(outcomes: Sequence[Outcome]) -> str:
    return f"{sum(o.truly_helps for o in outcomes)} / {sum(o.truly_hurts for o in outcomes)}"


def _skills(outcomes: Sequence[Outcome]) -> str:
    means = (100 * statistics.fmean(o.skills[name] for o in outcomes) for name in NETWORKS)
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


_ANSWERS: dict[str, Cell] = {
    "sets": len,
    "truly helps / hurts": _truths,
    "answers": lambda outcomes: _words(o.sharing.removeprefix("sharing ") for o in outcomes),
    'false "helps"': false_helps,
    'false "hurts"': false_hurts,
    "found": found,
    "covered, single": lambda outcomes: covered(outcomes, "single"),
    "covered, twin": lambda outcomes: covered(outcomes, "twin"),
    "behind equal": behind_equal,
}
_NETWORKS: dict[str, Cell] = {
    "skill: " + " / ".join(NETWORKS): _skills,
    "recommended − single": lambda outcomes: _mean_gain(outcomes, "single"),
    "recommended − twin": lambda outcomes: _mean_gain(outcomes, "twin"),
    "recommended − equal": lambda outcomes: _mean_gain(outcomes, "equal"),
    "weights": lambda outcomes: _words(o.weights.removeprefix("weights ") for o in outcomes),
    "median weight of the last task": _last_weight,
    "depths": lambda outcomes: _words(f"{o.depth}:" for o in outcomes),
}
_COSTS: dict[str, Cell] = {
    "trials a sweep": lambda outcomes: _mean(outcomes, lambda o: o.trials),
    "epochs a sweep": lambda outcomes: _mean(outcomes, lambda o: o.epochs),
    "seconds a sweep": lambda outcomes: _mean(outcomes, lambda o: o.seconds, digits=1),
    "of these in training": lambda outcomes: _mean(
        outcomes, lambda o: o.training_seconds, digits=1
    ),
}
