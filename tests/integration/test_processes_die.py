"""SIGKILL of a trial's process: the trial runs again, and after too many times it fails; the sweep goes on."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mtl_search import Callback, run
from mtl_search.search.records import TrialRecord
from tests.integration.sweeps import PARTS, assert_mirrored, assert_sound, outcome, tiny

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.usefixtures("ray_cluster")]

_FEW: dict[str, Any] = {"search.trials": 2, "search.arms": ["equal", "search"], "search.finalists.top": 0}


class Killer(Callback):
    """Kills the process of a trial: `when` is the name of one of the methods below.

    Args:
        log: What `parts.backbone` wrote; with one slot, the last line is the process that trains.
        trial: Whose process.
        times: How often.
    """

    def __init__(self, log: Path, trial: str, when: str, times: int = 1) -> None:
        self.log, self.trial, self.when, self.left = log, trial, when, times
        self.killed: list[int] = []

    def on_epoch_end(self, trial: TrialRecord) -> None:
        self._kill(trial, "epoch")

    def on_trial_end(self, trial: TrialRecord) -> None:
        self._kill(trial, "end")

    def _kill(self, trial: TrialRecord, when: str) -> None:
        if (trial.id, when) == (self.trial, self.when) and self.left:
            self.left -= 1
            self.killed.append(int(self.log.read_text().split()[-1]))
            os.kill(self.killed[-1], signal.SIGKILL)


@pytest.fixture
def config(runs: Path) -> Callable[..., dict[str, Any]]:
    def build(**search: Any) -> dict[str, Any]:
        changes = {f"search.{name}": value for name, value in search.items()}
        log = str(runs.parent / "pids")
        return tiny({**_FEW, **changes, "model.backbone": {"name": f"{PARTS}:backbone", "log": log}})

    return build


@pytest.mark.parametrize("when", ["epoch", "end"])
def test_the_trial_runs_again(runs: Path, config: Callable[..., dict[str, Any]], when: str) -> None:
    """`end`: the process dies between two trials, and is found dead when the next one begins."""
    pids = runs.parent / "pids"
    killer = Killer(pids, "search-0000", when)
    run(config(), output=runs / "tiny", callbacks=[killer])
    record = assert_sound(runs / "tiny")
    assert {trial.state for trial in record} == {"COMPLETE"}
    assert len(killer.killed) == 1
    assert len(set(pids.read_text().split())) == 2
    assert_mirrored(runs / "tiny")

    run(config(), output=runs / "in_peace")
    assert outcome(assert_sound(runs / "in_peace")) == outcome(record)


def test_after_too_many_times_the_trial_fails(runs: Path, config: Callable[..., dict[str, Any]]) -> None:
    killer = Killer(runs.parent / "pids", "equal-0000", "epoch", times=9)
    run(config(retries=1), output=runs / "tiny", callbacks=[killer])
    record = assert_sound(runs / "tiny")
    failed = record.trials.pop("equal-0000")
    assert failed.state == "FAIL"
    assert failed.reason.startswith("its process died 2 times: ")
    assert "SIGKILL" in failed.reason or "died unexpectedly" in failed.reason
    assert len(killer.killed) == 2
    assert {trial.state for trial in record} == {"COMPLETE"}
    assert_mirrored(runs / "tiny")
