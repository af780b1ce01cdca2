"""Trials on two workers each: the same numbers as on one, the group stays up, and nothing of it is left behind."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
from ray.util import placement_group_table

from mtl_search import Callback, Result, run
from mtl_search.search.records import SweepRecord, TrialRecord
from tests.integration.sweeps import ASHA, PARTS, assert_sound, tiny, titled

pytestmark = [pytest.mark.integration, pytest.mark.slow, pytest.mark.usefixtures("ray_cluster")]

_ONE_ARM: dict[str, Any] = {
    "search.arms": ["search"],
    "search.finalists.top": 0,
    "search.sampler": "random",
    "training.checkpoint_every_s": 0,
    "tracking.enabled": False,
}


class KillOnce(Callback):
    """Kills one process when a trial has done its first epoch: a worker, or the slot's own.

    Args:
        title: How the process calls itself.
        trial: Whose epoch.
    """

    def __init__(self, title: str, trial: str) -> None:
        self.title, self.trial = title, trial
        self.killed: list[int] = []

    def on_epoch_end(self, trial: TrialRecord) -> None:
        if trial.id == self.trial and not self.killed:
            self.killed = titled(self.title)[:1]
            os.kill(self.killed[0], signal.SIGKILL)


@pytest.fixture(autouse=True)
def _nothing_is_left() -> Iterator[None]:
    before = set(titled("ray::"))
    yield
    end = time.monotonic() + 20
    while left := _left_behind(before):
        assert time.monotonic() < end, left
        time.sleep(0.1)


def _left_behind(before: set[int]) -> list[object]:
    left: list[object] = [table for table in placement_group_table().values() if table["state"] != "REMOVED"]
    if ray.available_resources().get("CPU") != ray.cluster_resources()["CPU"]:
        left.append(ray.available_resources())
    names = ("ray::RayTrainWorker", "ray::TrainController", "ray::GroupSlot", "ray::Mailbox")
    return left + [(name, pid) for name in names for pid in titled(name) if pid not in before]


def _sweep(folder: Path, workers: int, changes: dict[str, Any], *callbacks: Callback) -> SweepRecord:
    log = str(folder.parent / f"{folder.name}.pids")
    backbone = {"name": f"{PARTS}:backbone", "log": log, "pause": 0.02}
    tree = tiny({"model.backbone": backbone, **_ONE_ARM, "resources.workers": workers, **changes})
    run(tree, output=folder, callbacks=callbacks)
    return assert_sound(folder)


def test_processes_that_die_change_nothing(tmp_path: Path) -> None:
    """The cluster has room for one group only: the slot that takes the dead one's place needs all that it held.

    Checkpoints go by way of a storage, as they would to another node.
    """
    worker, slot = KillOnce("ray::RayTrainWorker", "search-0001"), KillOnce("ray::GroupSlot", "search-0002")
    changes = {"search.trials": 4, "training.epochs": 4}
    large = {"resources.cpus_per_worker": 2, "resources.storage": str(tmp_path / "storage")}
    two = _sweep(tmp_path / "two", 2, {**changes, **large}, worker, slot)
    assert worker.killed
    assert slot.killed
    assert {trial.state for trial in two} == {"COMPLETE"}
    assert len(set((tmp_path / "two.pids").read_text().split())) == 6  # Ray Train starts all ranks again
    assert Result(tmp_path / "two").load_model() is not None
    assert not list((tmp_path / "storage").glob("*/*"))

    one = _sweep(tmp_path / "one", 1, changes)
    for trial in two:
        alone = one.trials[trial.id]
        assert trial.params == alone.params
        assert trial.info == alone.info
        for here, there in zip(trial.epochs, alone.epochs, strict=True):
            for name in here.metrics.keys() - {"seconds"}:
                assert here.metrics[name] == pytest.approx(there.metrics[name], abs=1e-4), (trial.id, name)


def test_pruned_and_failed_trials_leave_the_group_warm(tmp_path: Path) -> None:
    """The parts of a batch have 15 samples on each of two workers, and 7 or 8 when the batch is halved."""
    modes = {"choice": ["fine", "one_raises", "one_raises_later", "raises", "one_nan", "small"]}
    changes = {
        **ASHA,
        "seed": 2,  # which draws every mode
        "search.trials": 12,
        "search.space": {"model.backbone.mode": modes},
        "training.on_out_of_memory": "accumulate",
        "search.stop_after_failures": 99,
    }
    record = _sweep(tmp_path / "sweep", 2, changes)
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
