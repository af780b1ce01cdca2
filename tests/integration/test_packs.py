"""A sweep in packs, whose members are stopped one by one, and a death that fails none of them."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import Any

import pytest

from mtl_search import Callback, run
from mtl_search.config import load_config
from mtl_search.metrics.objective import Objective
from mtl_search.search.arms import plan_arms
from mtl_search.storage.trial_info import DIED
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.training.runner import TrialRunner
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_report import TrialReport
from tests.support.parts import points
from tests.support.sweeps import ASHA, PARTS, assert_mirrored, assert_sound, tiny, titled

pytestmark = [pytest.mark.integration, pytest.mark.usefixtures("ray_cluster", "whole_again")]


CHANGES: dict[str, Any] = {
    **ASHA,
    "training.pack": 4,
    "model.backbone": {"name": f"{PARTS}:backbone", "pause": 0.005},
    "model.sharing": {"name": "hard", "depth": 1},
    "search.arms": ["equal"],
    "search.trials": 8,
    "search.space": {"training.optimizer.lr": {"log": [1e-4, 1e-1]}},
    "search.sampler": {"name": "tpe", "n_startup_trials": 8},
}


class Death(Callback):
    """Kills the process of a pack in its second epoch, once a member of it has been stopped."""

    def __init__(self) -> None:
        self.killed = 0
        self._seen: list[TrialRecord] = []

    def on_epoch_end(self, trial: TrialRecord) -> None:
        self._seen.append(trial)
        if not self.killed and trial.last_epoch == 2 and any(t.finished for t in self._seen):
            (self.killed,) = titled("ray::Slot")
            os.kill(self.killed, signal.SIGKILL)


def _alone(sweep: Path, trial: TrialRecord, epochs: int) -> list[TrialReport]:
    """What the trial reports that is trained in this process, by itself."""
    config = load_config(sweep / "config.yaml")
    (arm,) = [arm for arm in plan_arms(config) if arm.name == trial.arm]
    own = arm.config(config, trial.overrides)
    objective = Objective({"colour": ("accuracy",)}, "primary")
    runner = TrialRunner(points(), threads=1)
    runner.setup(TrialSpec(trial.id, own, trial.seed, objective, str(sweep.parent / trial.id)))
    return [runner.train_until(epoch) for epoch in range(1, epochs + 1)]


def test_members_are_trials_like_others_and_a_death_fails_none(runs: Path) -> None:
    death, sweep = Death(), runs / "packs"
    run(tiny(CHANGES), output=sweep, callbacks=[death])
    record = assert_sound(sweep)
    assert death.killed
    states = [trial.state for trial in record]
    assert "FAIL" not in states
    assert states.count("PRUNED") >= 2
    packs = [trial.info.get("pack") for trial in record]
    assert packs.count(4) >= 4
    died = [pack for pack in packs if str(pack).startswith(DIED)]
    assert 2 <= len(died) <= 3
    assert_mirrored(sweep)
    for trial in record.arm("equal")[:4]:
        alone = _alone(sweep, trial, len(trial.epochs))
        for mine, theirs in zip(trial.epochs, alone, strict=True):
            losses = {key: x for key, x in theirs.metrics.items() if key.endswith("loss")}
            assert {key: mine.metrics[key] for key in losses} == pytest.approx(losses, abs=1e-4)
