"""Arguments of schedulers, checked without Ray."""

from __future__ import annotations

import math
import subprocess
import sys
from typing import Any

import pytest
from ray.tune.schedulers import TrialScheduler

from mtl_search.errors import ConfigError
from mtl_search.search.schedulers.population import PBTConfig
from mtl_search.search.schedulers.settings import ASHA, PBT, Median
from mtl_search.search.schedulers.stand_in import stand_in
from mtl_search.training.trial_report import METRIC


def test_arguments_are_checked_when_settings_are_made() -> None:
    with pytest.raises(ConfigError, match=r"search.scheduler.grace_period: .* from 1 to 4"):
        ASHA(4, grace_period=5)
    with pytest.raises(ConfigError, match=r"search.scheduler.min_samples_required"):
        Median(4, min_samples_required=0)
    with pytest.raises(ConfigError, match=r"search.scheduler.factors: a list of numbers above 0"):
        PBT(4, factors=(0.8, -1))
    with pytest.raises(ConfigError, match=r"training.epochs"):
        PBT(1)


def rungs(epochs: int, **options: Any) -> list[float]:
    """The epochs before the end after which trials are compared, by Ray's own table."""
    scheduler: Any = ASHA(epochs, **options).create()
    (bracket,) = scheduler._brackets
    return sorted(milestone for milestone, _ in bracket._rungs if milestone < epochs)


@pytest.mark.parametrize("epochs", range(1, 101))
def test_by_default_asha_has_two_rungs_before_the_end(epochs: int) -> None:
    found = rungs(epochs)
    if epochs < 4:  # there is no room for two
        assert found == [1] * (epochs > 1)
        return
    first, second = found
    assert first == pytest.approx(epochs / 9, abs=1)
    assert second == 3 * first <= max(3, epochs / 3 + 3)


def test_rungs_follow_from_the_reduction_factor_too() -> None:
    assert rungs(40, reduction_factor=2) == [10, 20]
    assert rungs(40, reduction_factor=4) == [3, 12]
    assert rungs(40, reduction_factor=100) == [1]


def test_an_explicit_grace_period_holds() -> None:
    assert rungs(40, grace_period=1) == [1, 3, 9, 27]
    assert rungs(10, grace_period=10) == []


def _stopped_at(scheduler: Any, epochs: int, fall: int) -> int:
    """The epoch at which Ray stops a trial whose objective falls below another's in one epoch."""
    for name, falls in (("good", math.inf), ("bad", fall)):
        trial = stand_in(name)
        scheduler.on_trial_add(None, trial)
        for epoch in range(1, epochs):
            result = {"epoch": epoch, METRIC: float(epoch < falls)}
            if scheduler.on_trial_result(None, trial, result) == TrialScheduler.STOP:
                assert name == "bad"
                return epoch
    return epochs


@pytest.mark.parametrize(
    ("epochs", "options"),
    [
        (1, {}),
        (3, {}),
        (9, {}),
        (40, {}),
        (9, {"grace_period": 1}),
        (10, {"grace_period": 10}),
        (40, {"reduction_factor": 2}),
        (30, {"reduction_factor": 2.5, "grace_period": 2}),
        (15, {"reduction_factor": 1.1, "grace_period": 1}),  # rungs that are less than 1 apart
        (28, {"reduction_factor": 3, "grace_period": 1}),
    ],
)
def test_ray_stops_trials_at_the_stop_epochs_alone(epochs: int, options: dict[str, Any]) -> None:
    settings = ASHA(epochs, **options)
    seen = {_stopped_at(settings.create(), epochs, fall) for fall in range(1, epochs + 1)}
    assert seen - {epochs} == set(settings.stop_epochs) - {epochs}


def test_a_trial_with_more_epochs_than_the_config_is_stopped_at_no_other() -> None:
    settings = ASHA(9)
    seen = {_stopped_at(settings.create(), 40, fall) for fall in range(1, 40)}
    assert seen == {*settings.stop_epochs, 40}


@pytest.mark.parametrize(
    ("epochs", "given", "expected"),
    [(1, None, 1), (9, None, 1), (10, None, 2), (40, None, 5), (40, 1, 1), (40, 40, 40)],
)
def test_the_grace_period_of_the_median_rule(epochs: int, given: int | None, expected: int) -> None:
    scheduler: Any = Median(epochs, grace_period=given).create()
    assert scheduler._grace_period == expected


def test_the_rules_of_a_population() -> None:
    assert PBT(4, interval=1, factors=[1, 2]).rules == PBTConfig(1, 0.25, 0.25, (1.0, 2.0))


def test_a_check_does_not_import_ray() -> None:
    program = (
        "import sys; from mtl_search.config import load_config\n"
        "from mtl_search.search.schedulers import pbt_config, prepare_scheduler\n"
        "config = load_config({'name': 'a', 'data': 'x', 'tasks': {'t': {'head': 'softmax'}},\n"
        "    'model': {'backbone': 'mlp'}, 'search': {'scheduler': 'asha'}})\n"
        "prepare_scheduler(config); assert pbt_config(config) is None\n"
        "assert 'ray' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
