"""Static weights that do on average what an adaptive trial did."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_search.analysis.loss_weights import FLOOR, best_adaptive, is_adaptive, mean_weights
from mtl_search.errors import ConfigError, SweepError
from mtl_search.storage.arm_name import SEARCH
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import EpochRecord, TrialRecord


def trial(
    *logged: dict[str, float], name: str = "search-0000", adaptive: bool = True, **changes: Any
) -> TrialRecord:
    """A trial of tasks a and b that logged these weights, an epoch each."""
    made = TrialRecord(
        id=name,
        arm=SEARCH,
        number=0,
        params={},
        distributions={},
        overrides={},
        seed=0,
        started=0.0,
    )
    made.info = {"tasks": ["a", "b"], "weights": {"a": 3.0, "b": 1.0}, "adaptive": adaptive}
    made.state = "COMPLETE"
    for number, weights in enumerate(logged, start=1):
        metrics = {f"train/weight/{task}": weight for task, weight in weights.items()} | {
            "val/a/accuracy": 0.5
        }
        made.epochs.append(EpochRecord(number, metrics, 0.5, 0.0))
    for field, value in changes.items():
        setattr(made, field, value)
    return made


TRAJECTORY = [{"a": 1.0, "b": 1.0}, {"a": 1.5, "b": 0.5}, {"a": 1.8, "b": 0.2}]


def test_the_mean_is_over_all_epochs_or_the_last_ones() -> None:
    made = trial(*TRAJECTORY)
    assert is_adaptive(made)
    assert mean_weights(made) == pytest.approx({"a": 4.3 / 3, "b": 1.7 / 3})
    assert mean_weights(made, 2) == pytest.approx({"a": 1.65, "b": 0.35})
    assert mean_weights(made, 1) == pytest.approx({"a": 1.8, "b": 0.2})
    assert mean_weights(made, 99) == mean_weights(made)


def test_it_sums_to_the_number_of_tasks_and_none_is_below_the_floor() -> None:
    for logged in (
        {"a": 30.0, "b": 10.0},
        {"a": 2.5, "b": -0.5},
        {"a": 1.0, "b": 0.0},
        {"a": 1e-9, "b": 1.0},
    ):
        weights = mean_weights(trial(logged))
        assert sum(weights.values()) == pytest.approx(2)
        assert min(weights.values()) >= FLOOR
    assert mean_weights(trial({"a": 30.0, "b": 10.0})) == {"a": 1.5, "b": 0.5}
    assert mean_weights(trial({"a": 2.5, "b": -0.5})) == pytest.approx({"a": 1.99, "b": FLOOR})


def test_a_static_trial_gives_its_loss_weights() -> None:
    made = trial({}, adaptive=False)
    assert not is_adaptive(made)
    assert mean_weights(made) == {"a": 1.5, "b": 0.5}
    made.info.pop("adaptive")  # as in a journal of an earlier version
    assert mean_weights(made, 1) == {"a": 1.5, "b": 0.5}


def test_an_epoch_without_all_weights_does_not_count() -> None:
    assert mean_weights(trial({"a": 1.0}, {"a": 1.5, "b": 0.5}, {})) == {"a": 1.5, "b": 0.5}


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (trial(), "has not got to the end of an epoch"),
        (trial({}, {}), "its aggregator does not combine whole gradients"),
        (trial({"a": 0.0, "b": -1.0}), "no task of trial search-0000 has a weight above 0"),
        (trial({}, adaptive=False, info={"weights": {"a": 0.0}}), "nothing to export"),
    ],
)
def test_where_there_is_nothing_to_export_it_says_why(made: TrialRecord, words: str) -> None:
    with pytest.raises(SweepError, match=words):
        mean_weights(made)


@pytest.mark.parametrize("last", [0, -1, True, 1.5])
def test_the_number_of_epochs_is_a_whole_number_above_zero(last: Any) -> None:
    with pytest.raises(ConfigError, match="last: a whole number of 1 or more"):
        mean_weights(trial(*TRAJECTORY), last)


def test_the_best_adaptive_trial_of_a_sweep() -> None:
    record = SweepRecord()
    best = [EpochRecord(1, {"train/weight/a": 1.0, "train/weight/b": 1.0}, 0.9, 0.0)]
    others = {
        "static": trial({}, adaptive=False, epochs=[EpochRecord(1, {}, 0.99, 0.0)]),
        "finalist": trial(arm=SEARCH.final, epochs=best),
        "failed": trial(state="FAIL", epochs=best),
        "silent": trial(epochs=[EpochRecord(1, {}, 0.95, 0.0)]),
        "worse": trial(*TRAJECTORY),
    }
    record.trials = others
    assert best_adaptive(record) is others["worse"]
    record.trials = {**others, "best": trial(epochs=best)}
    assert best_adaptive(record) is record.trials["best"]
    record.trials = {"static": others["static"]}
    assert best_adaptive(record) is None
