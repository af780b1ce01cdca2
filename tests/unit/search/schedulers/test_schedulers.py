"""Schedulers by name: the arguments that they take and refuse."""

from __future__ import annotations

from typing import Any

import pytest
from ray.tune.schedulers import FIFOScheduler

from mtl_search.errors import ConfigError
from mtl_search.search.schedulers import SCHEDULERS, build_scheduler, pbt_config, stop_epochs
from mtl_search.search.schedulers.arm_scheduler import ArmScheduler
from mtl_search.search.schedulers.population import PBTConfig
from tests.support import small_sweeps as small
from tests.support.trial_streams import EPOCHS, Stream, run

_GRACE_PERIOD = "search.scheduler.grace_period: a whole number from 1 to 9 (training.epochs)"


class Hasty(FIFOScheduler):
    """A scheduler of a user's, of which nothing is known."""

    def __init__(self, epochs: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]


def _assert_refused(scheduler: dict[str, Any], words: str) -> None:
    config = small.config({"training.epochs": EPOCHS, "search.scheduler": scheduler})
    with pytest.raises(ConfigError) as caught:
        build_scheduler(config)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"grace_period": 10}, _GRACE_PERIOD),
        ({"grace_period": 0}, "search.scheduler.grace_period"),
        ({"grace_period": 1.5}, "search.scheduler.grace_period"),
        ({"grace_period": True}, "search.scheduler.grace_period"),
        ({"reduction_factor": 1}, "search.scheduler.reduction_factor: a number of at least 1.1"),
        ({"reduction_factor": "3"}, "search.scheduler.reduction_factor"),
        ({"brackets": 2}, "has no such argument"),
    ],
)
def test_arguments_that_asha_refuses(arguments: dict[str, Any], words: str) -> None:
    _assert_refused({"name": "asha", **arguments}, words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"grace_period": 10}, _GRACE_PERIOD),
        (
            {"min_samples_required": 0},
            "search.scheduler.min_samples_required: a whole number of at least 1",
        ),
        ({"min_samples_required": 2.5}, "search.scheduler.min_samples_required"),
        ({"hard_stop": False}, "has no such argument"),
    ],
)
def test_arguments_that_the_median_rule_refuses(arguments: dict[str, Any], words: str) -> None:
    _assert_refused({"name": "median", **arguments}, words)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (
            {"interval": 9},
            "search.scheduler.interval: a whole number from 1 to 8 (less than training.epochs)",
        ),
        ({"interval": 0}, "search.scheduler.interval"),
        ({"interval": 1.5}, "search.scheduler.interval"),
        ({"quantile": 0.6}, "search.scheduler.quantile: a number from 0 to 0.5"),
        ({"resample": -0.1}, "search.scheduler.resample: a number from 0 to 1"),
        ({"factors": []}, "search.scheduler.factors: a list of numbers above 0"),
        ({"factors": [0.8, 0]}, "search.scheduler.factors"),
        ({"factors": 1.2}, "search.scheduler.factors"),
        ({"factors": [True]}, "search.scheduler.factors"),
        ({"generations": 3}, "has no such argument"),
    ],
)
def test_arguments_that_a_population_refuses(arguments: dict[str, Any], words: str) -> None:
    _assert_refused({"name": "pbt", **arguments}, words)


def test_what_is_no_scheduler_is_refused() -> None:
    config = small.config({"search.scheduler": "tests.support.small_sweeps:no_data"})
    with pytest.raises(ConfigError, match=r"a ray\.tune\.schedulers\.TrialScheduler is needed"):
        build_scheduler(config)


@pytest.mark.parametrize(
    ("scheduler", "expected"),
    [
        ("fifo", ()),
        ("pbt", ()),
        ({"name": "asha", "grace_period": 2}, (2, 6)),
        ("median", None),
        (f"{__name__}:Hasty", None),
    ],
)
def test_the_epochs_after_which_a_trial_may_be_stopped(scheduler: Any, expected: Any) -> None:
    config = small.config({"training.epochs": EPOCHS, "search.scheduler": scheduler})
    assert stop_epochs(config) == expected


def test_every_scheduler_has_a_test_here() -> None:
    assert set(SCHEDULERS) == {"fifo", "asha", "median", "pbt"}


def test_a_population_has_rules_and_stops_nobody() -> None:
    config = small.config(
        {"training.epochs": EPOCHS, "search.scheduler": {"name": "pbt", "factors": [2]}}
    )
    assert pbt_config(config) == PBTConfig(2, 0.25, 0.25, (2.0,))
    assert pbt_config(small.config()) is None
    assert {decision for *_, decision in run(Stream(ArmScheduler(config, 1)), range(6))} == {
        "CONTINUE"
    }
    with pytest.raises(
        ConfigError, match=r"^training.epochs: a population meets between two epochs"
    ):
        build_scheduler(small.config({"training.epochs": 1, "search.scheduler": "pbt"}))
