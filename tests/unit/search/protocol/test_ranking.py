"""Trials of an arm by validation."""

from __future__ import annotations

from mtl_search.search.protocol.ranking import ranked_trials
from tests.support.fake_tune import Session


def test_only_trials_that_trained_to_their_end_count_best_first(session: Session) -> None:
    fake = session(slots=1)
    values = {
        "equal-0000": ("PRUNED", 0.99),
        "equal-0001": ("COMPLETE", 0.6),
        "equal-0002": ("FAIL", 0.98),
        "equal-0003": ("COMPLETE", 0.7),
    }
    while not fake.record.arm("search"):
        trial = str(fake.suggest())
        state, value = values.get(fake.live[trial].id, ("COMPLETE", 0.55))
        fake.end(trial, state, kind_accuracy=value, size_r2=value, size_mae=1 - value)
    ranked = ranked_trials(fake.record, fake.objectives, "equal")
    assert [trial.id for trial in ranked] == ["equal-0003", "equal-0001"]


def test_of_two_trials_of_one_configuration_the_better_counts(session: Session) -> None:
    fake = session(slots=1)
    while not fake.record.arm("equal"):
        fake.end(str(fake.suggest()))
    for trial in fake.record.arm("single/kind"):
        trial.config_hash = "same"
    ranked = ranked_trials(fake.record, fake.objectives, "single/kind")
    assert [trial.objective for trial in ranked] == [
        max(trial.objective or 0.0 for trial in fake.record.arm("single/kind"))
    ]
