"""Trials on two workers each: the group stays up whatever becomes of a trial, and nothing of it is
left behind.

That they find what one worker finds is shown beside the faults of such groups (`test_faults`).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_search import run
from mtl_search.storage.records import SweepRecord
from tests.support.sweeps import ASHA, PARTS, assert_sound, tiny

pytestmark = [
    pytest.mark.integration,
    pytest.mark.slow,
    pytest.mark.usefixtures("ray_cluster", "whole_again"),
]

_ONE_ARM: dict[str, Any] = {
    "search.arms": ["search"],
    "search.finalists.top": 0,
    "search.sampler": "random",
    "training.checkpoint_every_s": 0,
    "tracking.enabled": False,
}


def _sweep(folder: Path, changes: dict[str, Any]) -> SweepRecord:
    log = str(folder.parent / f"{folder.name}.pids")
    backbone = {"name": f"{PARTS}:backbone", "log": log, "pause": 0.02}
    run(
        tiny({"model.backbone": backbone, **_ONE_ARM, "resources.workers": 2, **changes}),
        output=folder,
    )
    return assert_sound(folder)


def test_pruned_and_failed_trials_leave_the_group_warm(tmp_path: Path) -> None:
    """The parts of a batch have 15 samples on each of two workers, and 7 or 8 when the batch is
    halved.
    """
    modes = {"choice": ["fine", "one_raises", "one_raises_later", "raises", "one_nan", "small"]}
    changes = {
        **ASHA,
        "seed": 2,  # which draws every mode
        "search.trials": 12,
        "search.space": {"model.backbone.mode": modes},
        "training.on_out_of_memory": "accumulate",
        "search.stop_after_failures": 99,
    }
    record = _sweep(tmp_path / "sweep", changes)
    reasons = {
        "one_raises": "cannot be built",
        "one_raises_later": "cannot be trained",
        "raises": "cannot be built",
        "one_nan": "the train loss of task 'colour' is nan in epoch 1",
    }
    assert {trial.params["model.backbone.mode"] for trial in record} == {"fine", "small", *reasons}
    for trial in record:
        mode = trial.params["model.backbone.mode"]
        assert (trial.state == "FAIL") == (mode in reasons), (trial.id, trial.reason)
        assert ("out_of_memory" in trial.info) == (mode == "small"), trial.id
        assert reasons.get(mode, "") in trial.reason, (trial.id, trial.reason)
        assert (trial.state != "COMPLETE") or len(trial.epochs) == 4
    states = [trial.state for trial in record]
    assert "PRUNED" in states
    assert len(set((tmp_path / "sweep.pids").read_text().split())) == 2
