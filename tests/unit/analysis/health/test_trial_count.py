"""Numbers of trials for the values that are searched."""

from __future__ import annotations

import pytest

from mtl_search.analysis.health.trial_count import check_trial_count
from mtl_search.storage.trial_info import State
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder

ONE = {"training.optimizer.lr": (0.01, 0.001, 0.03)}
TWO = {**ONE, "tasks.right.loss_weight": (2.0, 0.1, 10.0)}


@pytest.mark.parametrize(("trials", "ok"), [(9, False), (10, True)])
def test_ten_trials_a_value(builder: Builder, trials: int, *, ok: bool) -> None:
    for number in range(trials):
        builder.trial("equal", number, 0.8, drawn=ONE, epochs=1)
    check = check_trial_count(evidence_of(builder))
    assert check.ok is ok
    if not ok:
        assert "equal searches 1 value by 9 trials" in check.text
        assert "search.trials=22 would suffice" in check.text  # 10/9 of the 20 in the config


@pytest.mark.parametrize(("trials", "ok"), [(4, False), (5, True)])
def test_singles_need_half_as_many(builder: Builder, trials: int, *, ok: bool) -> None:
    for number in range(trials):
        builder.trial("single/left", number, 0.8, drawn=ONE, epochs=1)
    assert check_trial_count(evidence_of(builder)).ok is ok


def test_the_search_knows_the_trials_of_equal_weights(builder: Builder) -> None:
    for number in range(10):
        builder.trial("search", number, 0.8, drawn=TWO, epochs=1)
    assert check_trial_count(evidence_of(builder)).ok is False
    for number in range(10):
        builder.trial("equal", number, 0.8, drawn=ONE, epochs=1)
    assert check_trial_count(evidence_of(builder)).ok is True


def test_failed_trials_do_not_count(builder: Builder) -> None:
    for number in range(10):
        state: State = "FAIL" if number == 3 else "COMPLETE"
        builder.trial("equal", number, 0.8, drawn=ONE, epochs=1, state=state)
    assert check_trial_count(evidence_of(builder)).ok is False


def test_populations_and_fixed_values_cannot_be_judged(builder: Builder) -> None:
    builder.trial("equal", 0, 0.8)
    assert check_trial_count(evidence_of(builder)).ok is None
    builder.trial("search", 0, 0.8, drawn=ONE, role="member")
    assert check_trial_count(evidence_of(builder)).ok is None
