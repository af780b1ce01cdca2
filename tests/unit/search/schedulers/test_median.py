"""The median stopping rule, for trials that end in all the ways that ours do."""

from __future__ import annotations

from typing import Any

from mtl_search.search.schedulers.arm_scheduler import ArmScheduler
from tests.support import small_sweeps as small
from tests.support.trial_streams import EPOCHS, memory, told, tune_trial


def median_of(values: dict[str, list[float]], **arguments: int) -> ArmScheduler:
    """A scheduler that has seen these trials of the search arm to their ends."""
    member = {"name": "median", **arguments}
    under = ArmScheduler(small.config({"training.epochs": EPOCHS, "search.scheduler": member}), 1)
    for name, reported in values.items():
        for epoch, value in enumerate(reported, start=1):
            assert decide(under, tune_trial("search", name), epoch, value) == "CONTINUE"
    return under


def decide(under: ArmScheduler, trial: Any, epoch: int, value: float) -> str:
    return under.on_trial_result(None, trial, told(trial, epoch, value))


def test_the_median_of_the_means_decides() -> None:
    under = median_of(
        {"a": [0.1, 0.3], "b": [0.3, 0.5], "c": [0.5, 0.7]}
    )  # means 0.2, 0.4 and 0.6 after two epochs
    slow, good = tune_trial("search", "slow"), tune_trial("search", "good")
    assert decide(under, slow, 1, 0.3) == "CONTINUE"  # as good as the median is good enough
    assert decide(under, slow, 2, 0.39) == "STOP"
    assert decide(under, good, 1, 0.41) == "CONTINUE"
    assert decide(under, good, 2, 0.41) == "CONTINUE"
    assert decide(under, tune_trial("equal", "other"), 1, 0.0) == "CONTINUE"


def test_the_median_rule_waits_for_its_grace_period_and_for_enough_others() -> None:
    seen = {"a": [0.5, 0.5, 0.5], "b": [0.5, 0.5, 0.5]}
    bad = tune_trial("search", "bad")
    under = median_of(seen, min_samples_required=2, grace_period=3)
    decisions = [decide(under, bad, epoch, 0.1) for epoch in (1, 2, 3)]
    assert decisions == ["CONTINUE", "CONTINUE", "STOP"]
    under = median_of(seen, min_samples_required=3)
    assert {decide(under, bad, epoch, 0.1) for epoch in (1, 2, 3)} == {"CONTINUE"}


def test_the_median_rule_bears_trials_that_failed_died_or_ran_side_by_side() -> None:
    under = median_of({"a": [0.5, 0.5], "b": [0.5, 0.5], "c": [0.5, 0.5]})
    failed = tune_trial("search", "failed")
    under.on_trial_complete(
        None, failed, told(failed, 0, float("nan"), "FAIL")
    )  # a failure has no objective
    late = tune_trial("search", "late")
    for _ in range(2):  # it is begun again after its process died
        assert decide(under, late, 1, 0.6) == "CONTINUE"
    assert len(memory(under, "search")) == 4
    assert all(len(seen) <= 2 for seen in memory(under, "search").values())
    # Stopped in a resumed sweep, where trials report one after another, it had gone on when they
    # ran.
    unlucky = tune_trial("search", "unlucky")
    assert [decide(under, unlucky, e, 0.1) for e in (1, 2)] == [
        "STOP",
        "STOP",
    ]
