"""Schedulers of the user's answer each report by CONTINUE or STOP."""

from __future__ import annotations

from typing import Any

import pytest
from ray.tune.schedulers import FIFOScheduler, TrialScheduler

from mtl_search.errors import ConfigError
from mtl_search.search.contracts.scheduler import check_own_scheduler
from tests.support import small_sweeps as small

PARTS = "tests.support.own_parts"
HERE = __name__


class Pauses(FIFOScheduler):
    """Trials wait, and nobody goes on with them."""

    def __init__(self, epochs: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def on_trial_result(self, tune_controller: Any, trial: Any, result: Any) -> str:
        return TrialScheduler.PAUSE


class Stops(Pauses):
    """Every trial ends at its first report."""

    def on_trial_result(self, tune_controller: Any, trial: Any, result: Any) -> str:
        return TrialScheduler.STOP


class Asks(Pauses):
    """It reads another measure."""

    def on_trial_result(self, tune_controller: Any, trial: Any, result: Any) -> str:
        return TrialScheduler.STOP if result["accuracy"] < 1 else TrialScheduler.CONTINUE


def check(name: str) -> None:
    check_own_scheduler(small.config({"search.scheduler": name}))


@pytest.mark.parametrize("name", [f"{PARTS}:right_scheduler", f"{HERE}:Stops", "asha"])
def test_right_schedulers_pass(name: str) -> None:
    check(name)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        (f"{HERE}:Pauses", "decides 'PAUSE', and needed is 'CONTINUE' or 'STOP'"),
        (f"{HERE}:Asks", "have an `epoch` and 'objective' .* KeyError: 'accuracy'"),
    ],
)
def test_a_wrong_scheduler_is_refused(name: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        check(name)
    assert caught.value.path == "search.scheduler"
