"""Winners at their best at the end of training, or at once."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from mtl_search.analysis.health.best_epoch import check_best_epoch
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder


def finalists(builder: Builder, best_epochs: Sequence[int], epochs: int = 10) -> None:
    for number, best in enumerate(best_epochs):
        trial = builder.begin("final/search", number, "search-0000")
        for epoch in range(1, epochs + 1):
            objective = 0.5 + 0.01 * min(epoch, best)
            builder.epoch(trial, epoch, objective, dict.fromkeys(builder.tasks, objective))
        builder.end(trial, test=dict.fromkeys(builder.tasks, 0.9))


@pytest.mark.parametrize(
    ("best_epochs", "seen"),
    [
        ([10, 10, 10], "search is best in the last epoch: training.epochs=20 may find more"),
        ([10, 10, 4], "search is best in the last epoch: "),
        ([10, 4, 4], ""),
        ([9, 9, 9], ""),
        ([1, 1, 5], "search is best in the first epochs: lower learning rates"),
        ([1, 5, 5], ""),
        ([2, 2, 2], ""),
    ],
)
def test_most_seeds_decide(builder: Builder, best_epochs: Sequence[int], seen: str) -> None:
    builder.trial("search", 0, 0.8)
    finalists(builder, best_epochs)
    check = check_best_epoch(evidence_of(builder))
    assert check.ok is (not seen)
    assert check.text.startswith(seen)


def test_short_trainings_have_no_first_epochs(builder: Builder) -> None:
    builder.trial("search", 0, 0.8)
    finalists(builder, [1, 1], epochs=9)
    assert check_best_epoch(evidence_of(builder)).ok is True


def test_one_epoch_says_nothing(builder: Builder) -> None:
    builder.trial("search", 0, 0.8, epochs=1)
    finalists(builder, [1, 1], epochs=1)
    assert check_best_epoch(evidence_of(builder)).ok is None


def test_late_and_early_arms_are_both_told(builder: Builder) -> None:
    builder.trial("search", 0, 0.8)
    finalists(builder, [1, 1])
    builder.trial("equal", 0, 0.8)  # no finalists, and better with each epoch
    text = check_best_epoch(evidence_of(builder)).text
    assert text.startswith("equal is best in the last epoch: ")
    assert ". search is best in the first epochs: " in text
