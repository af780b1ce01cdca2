"""A made-up sweep whose trials differ in depth and weights by a known formula."""

from __future__ import annotations

from pathlib import Path

from mtl_search.analysis.evidence import Evidence
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder

# Views that only a sweep has that was asked for them, or has targets of several labels.
ON_REQUEST = ("auxiliary", "by_label", "gradient_conflict", "affinity", "leave_one_out")
TASKS = ("left", "right")
RATIOS = (0.25, 1.0, 4.0)
DEPTHS = (0, 1, 2)
RIGHT = "tasks.right.loss_weight"


def accuracy(depth: int, ratio: float) -> float:
    """Validation accuracy of both tasks: rises with the depth and with the weight of `right`."""
    return round(0.7 + 0.05 * depth + 0.02 * RATIOS.index(ratio), 6)


def skill(value: float) -> float:
    """Skill of an accuracy where half is trivial."""
    return 2 * value - 1


def varied_builder(folder: Path, *, finalists: bool = True) -> Builder:
    """A trial of the search arm for each depth and ratio, three of the equal arm, four pruned.

    Trials `search-0000` to `search-0008` are in the order of depth, then ratio.
    """
    builder = Builder(folder / "journal.jsonl", TASKS).sweep().provenance().scales()
    for task in TASKS:
        for number in range(2):
            builder.trial(f"single/{task}", number, 0.75 + 0.05 * number)
    for number, depth in enumerate(DEPTHS):
        _trial(builder, "equal", number, depth, 1.0)
    pairs = [(depth, ratio) for depth in DEPTHS for ratio in RATIOS]
    for number, (depth, ratio) in enumerate(pairs):
        _trial(builder, "search", number, depth, ratio)
    for number in range(9, 13):
        builder.trial("search", number, 0.5 + 0.01 * number, epochs=1, state="PRUNED", depth=1)
    builder.trial("search", 13, 0.99, state="FAIL", depth=2)
    if finalists:
        _finalists(builder)
        builder.done()
    return builder


def varied(folder: Path, *, finalists: bool = True) -> Evidence:
    """The evidence of `varied_builder`."""
    return evidence_of(varied_builder(folder, finalists=finalists), **{"training.epochs": 3})


def _trial(builder: Builder, arm: str, number: int, depth: int, ratio: float) -> None:
    drawn = {RIGHT: (ratio, 0.1, 10.0)} if arm == "search" else None
    weights = {"left": 2 / (1 + ratio), "right": 2 * ratio / (1 + ratio)}
    trial = builder.begin(
        arm, number, drawn=drawn, depth=depth, weights=weights, parameters=1000 * (4 - depth)
    )
    end = accuracy(depth, ratio)
    for epoch in (1, 2, 3):
        # Left is quick and right is slow: early on its ranks are turned around.
        left, right = end - 0.1 * (3 - epoch), end if epoch == 3 else 1 - end
        builder.epoch(trial, epoch, skill(end - 0.1 * (3 - epoch)), {"left": left, "right": right})
    builder.end(trial)


def _finalists(builder: Builder) -> None:
    """Three seeds of each arm's winner; the search arm's is ahead on both splits."""
    for seed in range(3):
        shift = 0.01 * (seed - 1)
        for task in TASKS:
            builder.finalist(
                f"single/{task}",
                seed,
                {task: 0.8 + shift},
                val=0.8 + shift,
                origin=f"single-{task}-0001",
            )
        builder.finalist("equal", seed, dict.fromkeys(TASKS, 0.82 + shift), origin="equal-0002")
        builder.finalist(
            "search",
            seed,
            dict.fromkeys(TASKS, 0.85 + shift),
            val=0.93 + shift,
            origin="search-0008",
        )
    for arm in ("twin/separate", "twin/weights"):
        for seed in range(3):
            test = dict.fromkeys(TASKS, 0.8 + 0.01 * (seed - 1))
            builder.finalist(arm, seed, test, val=0.8, origin="search-0008")
