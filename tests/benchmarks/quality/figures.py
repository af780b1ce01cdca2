"""What runs of searches come to: curves of the best so far, and a table against random search.

N trials, S seeds, G epochs of a grid
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mtl_search.analysis.statistics.expected_maximum import expected_maximum
from tests.benchmarks.quality.cases import CASES, RANDOM
from tests.benchmarks.quality.sweep import Run

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Curve:
    """The best validation objective so far, by the epochs that it took.

    Attributes:
        epochs: Epochs at which it is known, ascending (N,).
        best: The best so far (N,).
    """

    epochs: Array
    best: Array

    def at(self, epochs_G: Array) -> Array:
        """Return the best so far after these many epochs (G,); NaN before the first trial."""
        before_G = np.searchsorted(self.epochs, epochs_G, side="right") - 1
        return np.where(before_G < 0, np.nan, self.best[np.maximum(before_G, 0)])

    def reaches(self, value: float) -> float:
        """Return the epochs that it takes to a value; infinity where it does not get there."""
        there_N = self.best >= value
        return float(self.epochs[there_N.argmax()]) if there_N.any() else math.inf


def running_best(run: Run) -> Curve:
    """Return the best of the trials so far, in the order in which they ended.

    Epochs of trials without a value (failed, warm-ups, finalists) count.

    Args:
        run: The run of a search.
    """
    epochs_N = np.cumsum(run.epochs, dtype=np.float64)
    values_N = np.array([-np.inf if v is None else v for v in run.values], np.float64)
    best_N: Array = np.maximum.accumulate(values_N)
    return Curve(epochs_N[np.isfinite(best_N)], best_N[np.isfinite(best_N)])


def expected_best(run: Run) -> Curve:
    """Return the expected best of so many trials of a random search, in no order.

    The curve of Dodge et al. 2019, "Show your work: Improved reporting of experimental results",
    without its bias. A trial takes the mean number of epochs.

    Args:
        run: The run of a random search.
    """
    best_N = expected_maximum([value for value in run.values if value is not None])
    each = sum(run.epochs) / len(best_N)
    epochs_N: Array = each * np.arange(1.0, len(best_N) + 1)
    return Curve(epochs_N, best_N)


def curve(run: Run) -> Curve:
    """Return the expected best of a random search, or the best so far of another."""
    return expected_best(run) if run.job.method == RANDOM else running_best(run)


@dataclass(frozen=True)
class Comparison:
    """One search of one case against random search, over all seeds that both have.

    Attributes:
        seeds: The number of seeds.
        budget: The epochs of the search; random search is read at as many (mean over seeds).
        end: The best validation objective at its end, the mean over seeds.
        random_end: The expected one of random search with as many epochs.
        shares: For each seed, the epochs until the search is where random search ends, over the
            epochs of random search; infinity where it never is (S,).
        fresh: For each seed, the test value of its pick, a mean over fresh seeds (S,).
        random_fresh: The same for random search (S,).
        optimism: By how much the picked trial's validation value exceeds the mean on fresh seeds.
        seconds: The time of the search, the mean over seeds.
    """

    seeds: int
    budget: float
    end: float
    random_end: float
    shares: Array
    fresh: Array
    random_fresh: Array
    optimism: float
    seconds: float


def compare(runs: Sequence[Run], random_runs: Sequence[Run]) -> Comparison | None:
    """Compare a search with random search; None where they have no seed in common.

    Args:
        runs: The runs of the search on one case.
        random_runs: Those of random search on the same.
    """
    random_by_seed = {run.job.seed: run for run in random_runs}
    pairs = [(run, random_by_seed[run.job.seed]) for run in runs if run.job.seed in random_by_seed]
    if not pairs:
        return None
    budgets, ends, random_ends, shares = [], [], [], []
    for run, random_run in pairs:
        budget = float(sum(run.epochs))
        target = float(expected_best(random_run).at(np.array([budget]))[0])
        budgets.append(budget)
        ends.append(curve(run).at(np.array([budget]))[0])
        random_ends.append(target)
        shares.append(curve(run).reaches(target) / budget)
    return Comparison(
        seeds=len(pairs),
        budget=float(np.mean(budgets)),
        end=float(np.mean(ends)),
        random_end=float(np.mean(random_ends)),
        shares=np.array(shares),
        fresh=np.array([np.mean(run.fresh_test) for run, _ in pairs]),
        random_fresh=np.array([np.mean(run.fresh_test) for _, run in pairs]),
        optimism=float(np.mean([run.picked - np.mean(run.fresh_validation) for run, _ in pairs])),
        seconds=float(np.mean([run.seconds for run, _ in pairs])),
    )


_HEAD = (
    "| data | search | seeds | epochs | best (val) | random with as many | epochs to random's end "
    "| at most half | pick on fresh seeds (test) | random's pick | difference | optimism | s |"
)


def table(runs: Sequence[Run]) -> str:
    """Return a table of all searches of all cases, in points of the objective.

    Args:
        runs: The runs.
    """
    lines = [_HEAD, "|---" * (_HEAD.count("|") - 1) + "|"]
    total, reached = 0, 0
    for case, by_method in grouped(runs).items():
        for method, of_method in by_method.items():
            found = compare(of_method, by_method.get(RANDOM, []))
            if found is not None and method != RANDOM:
                lines.append(_line(CASES[case].title, method, found))
                total += found.seeds
                reached += int((found.shares <= 0.5).sum())
    if total:
        lines += ["", f"At most half of the epochs: {reached} of {total} searches."]
    return "\n".join(lines)


def _line(title: str, method: str, found: Comparison) -> str:
    median = float(np.median(found.shares))
    share = f"{100 * median:.0f} %" if math.isfinite(median) else "not reached"
    cells = [
        title,
        method,
        str(found.seeds),
        f"{found.budget:.0f}",
        _points(found.end),
        _points(found.random_end),
        share,
        f"{(found.shares <= 0.5).sum()} of {found.seeds}",
        _mean_and_error(found.fresh),
        _mean_and_error(found.random_fresh),
        _mean_and_error(found.fresh - found.random_fresh, "+"),
        f"{100 * found.optimism:+.1f}",
        f"{found.seconds:.0f}",
    ]
    return f"| {' | '.join(cells)} |"


def _points(value: float) -> str:
    return f"{100 * value:.1f}"


def _mean_and_error(values_S: Array, sign: str = "") -> str:
    """Return the mean in points, with its standard error where there are several seeds."""
    text = f"{100 * values_S.mean():{sign}.1f}"
    if len(values_S) < 2:
        return text
    return f"{text} ± {100 * values_S.std(ddof=1) / math.sqrt(len(values_S)):.1f}"


def grouped(runs: Sequence[Run]) -> Mapping[str, Mapping[str, list[Run]]]:
    """Return case → search → runs, in the order of the cases."""
    by_case: dict[str, dict[str, list[Run]]] = {}
    for case in CASES:
        for run in runs:
            if run.job.case == case:
                by_case.setdefault(case, {}).setdefault(run.job.method, []).append(run)
    return by_case


def draw(runs: Sequence[Run], path: Path) -> None:
    """Draw the curves of all searches, a panel a case: the mean over seeds, with its error.

    Args:
        runs: The runs.
        path: The file of the picture.
    """
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    cases = grouped(runs)
    columns = min(3, len(cases))
    rows = math.ceil(len(cases) / columns)
    figure, axes = plt.subplots(
        rows, columns, figsize=(4.2 * columns, 3.2 * rows), squeeze=False, layout="constrained"
    )
    for axis, (case, by_method) in zip(axes.flat, cases.items(), strict=False):
        most = max(sum(r.epochs) for m, of in by_method.items() if m != RANDOM for r in of)
        for method, of_method in by_method.items():
            curves = [curve(run) for run in of_method]
            grid_G = np.linspace(max(c.epochs[0] for c in curves), most, 200)
            best_SG = 100 * np.stack([c.at(grid_G) for c in curves])
            mean_G = best_SG.mean(0)
            (line,) = axis.plot(grid_G, mean_G, label=method)
            if len(curves) > 1:
                error_G = best_SG.std(0, ddof=1) / math.sqrt(len(curves))
                axis.fill_between(
                    grid_G, mean_G - error_G, mean_G + error_G, color=line.get_color(), alpha=0.2
                )
        axis.set_title(CASES[case].title)
        axis.set_xlabel("epochs")
        axis.set_ylabel("best objective so far (validation, points)")
    for axis in axes.flat[len(cases) :]:
        axis.remove()
    axes[0, 0].legend()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120)
    plt.close(figure)
