"""How often intervals cover a true difference, by simulation: seeds alone, and seeds × test items.

    .venv/bin/python -m tests.benchmarks.interval_coverage [--draws 4000]

Both sides are alike, so the true difference is 0. A row is a world (see `World` in
`tests/support/compared_runs.py`) and a size; each pair of columns is an interval of 95 %: the
share of draws in which it covers 0, and its mean width relative to that of `crossed_difference`.

    seeds    Welch over the runs' means, without items
    welch    `crossed_difference`, what comparisons use
    paired   `crossed_difference_paired`
"""

from __future__ import annotations

import argparse
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from mtl_search.analysis.statistics.difference import Difference
from mtl_search.analysis.statistics.two_way import crossed_difference, crossed_difference_paired
from mtl_search.analysis.statistics.welch import seed_difference
from tests.support.compared_runs import World

WORLDS = {
    "all parts": World(),
    "no part of the seed": World(seed=0.0),
    "no preferences": World(preference=0.0),
    "seeds large": World(seed=0.1),
    "seeds in common by half": World(seed=0.1, shared=0.5),
    "seeds in common": World(seed=0.1, shared=1.0),
    "accuracy near .9": World(threshold=-0.8),
    "accuracy near .98, no preferences": World(preference=0.0, threshold=-1.2),
}
SIZES = ((3, 200), (5, 200), (10, 200), (10, 1000), (5, 30))
METHODS: dict[str, Callable[..., Difference]] = {
    "seeds": lambda ours, theirs: seed_difference(ours.mean(axis=1), theirs.mean(axis=1)),
    "welch": crossed_difference,
    "paired": crossed_difference_paired,
}


def intervals(world: World, seeds: int, items: int, draws: int) -> NDArray[np.float64]:
    """Return the intervals: draws × methods × both ends."""
    random = np.random.default_rng(0)
    ends = []
    for _ in range(draws):
        scores = world.draw(random, (seeds, seeds), items)
        ends.append([method(*scores).interval() for method in METHODS.values()])
    return np.array(ends)


def row(name: str, seeds: int, items: int, draws: int) -> str:
    """Return a line of the table."""
    ends = intervals(WORLDS[name], seeds, items, draws)
    covers = ((ends[..., 0] <= 0) & (ends[..., 1] >= 0)).mean(axis=0)
    widths = (ends[..., 1] - ends[..., 0]).mean(axis=0)
    cells = (
        f"{cover:.3f} ({width:.2f})"
        for cover, width in zip(covers, widths / widths[1], strict=True)
    )
    return f"| {name} | {seeds} × {items} | {' | '.join(cells)} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=str(__doc__).partition("\n")[0])
    parser.add_argument("--draws", type=int, default=4000)
    draws = parser.parse_args().draws
    print(f"| world | seeds × items | {' | '.join(METHODS)} |")
    print(f"|---|---|{'---|' * len(METHODS)}")
    for name in WORLDS:
        for seeds, items in SIZES:
            print(row(name, seeds, items, draws), flush=True)


if __name__ == "__main__":
    main()
