"""Epochs at which trials are stopped, against the end."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from mtl_search.analysis.health.early_stops import check_early_stops
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder


def arm_with_rung(builder: Builder, ends: Sequence[float]) -> None:
    """Trials with objectives of 0, 0.1, ... at epoch 1, and these at the end; one is stopped."""
    for number, end in enumerate(ends):
        trial = builder.begin("search", number)
        for epoch, value in ((1, 0.1 * number), (2, end)):
            builder.epoch(trial, epoch, value, dict.fromkeys(builder.tasks, 0.6))
        builder.end(trial)
    builder.trial("search", len(ends), 0.1, epochs=1, state="PRUNED")


@pytest.mark.parametrize(
    ("ends", "ok"),
    [
        ([1, 2, 3, 4, 5, 6], True),
        ([2, 1, 4, 3, 6, 5], True),  # 1 - 6·6/210 = .83
        ([6, 5, 4, 3, 2, 1], False),
        ([3, 6, 1, 2, 5, 4], False),
        ([1, 2, 3, 4, 5], None),  # too few
    ],
)
def test_ranks_must_foretell_the_end(
    builder: Builder, ends: Sequence[float], *, ok: bool | None
) -> None:
    arm_with_rung(builder, ends)
    check = check_early_stops(evidence_of(builder))
    assert check.ok is ok
    if ends[0] == 6:
        assert check.text.startswith(
            "ranks of search at epoch 1 have a correlation of -1.00 with the end: "
        )
        assert "search.scheduler.grace_period" in check.text


def test_without_a_stopped_trial_nothing_is_known(builder: Builder) -> None:
    builder.trial("search", 0, 0.9)
    assert check_early_stops(evidence_of(builder)).ok is None
