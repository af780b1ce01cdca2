"""A warm slot of several workers: one Tune actor, and a worker group of Ray Train that stays up across its trials.

A `TorchTrainer.fit()` a trial takes 10 to 30 seconds and seven helper processes. Here it is called once, in a thread of
the slot's actor, with a train function that serves trial after trial (`ray_rank`); slot and ranks talk through a
mailbox. The actor itself needs no CPU. Train's workers are outside Tune's accounting: how many slots there are follows
from the cluster (`search.cluster`).

How a group is found again when the slot's process dies: Train's placement group belongs to the job and stays. Its
bundles ask for some bytes of memory beside the CPUs, another number for each group, and the group's mailbox, which dies
with the slot, has that number in its name. A placement group whose mailbox is gone is nobody's (`search.orphans`).
"""

from __future__ import annotations

import os
import random
import threading
from pathlib import Path
from typing import Any

import ray
from ray import cloudpickle, tune
from ray.train import FailureConfig, RunConfig, ScalingConfig
from ray.train.torch import TorchTrainer

from mtl_search.config.schema import ResourcesConfig
from mtl_search.training.trial_report import TrialReport
from mtl_search.training.workers import mailbox
from mtl_search.training.workers.mailbox import MAILBOX, MOST_BYTES
from mtl_search.training.workers.placement_groups import PlacementTimeout

# What Ray Train reads in the slot's process, and passes on to its own.
_SETTINGS = {
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.5",  # until a dead worker is noticed, and until an end is
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",  # trials have checkpoints of their own; it is one process less
    "RAY_CHDIR_TO_TRIAL_DIR": "0",  # relative paths mean in a trial what they mean to the user
}

_END_S = 8.0  # for a group to end; Tune waits 10 seconds for the actor

# Deaths of workers that one group survives. What bounds those of one trial is `search.retries`.
_DEATHS = 20
# Attempts to get the workers' resources, of a minute each: as long as an autoscaler takes to start a machine.
_STARTS = 10


class WorkerGroupTrainable(tune.Trainable):
    """Trains the trials that Tune hands it, one after another, on a worker group."""

    def setup(  # type: ignore[override]  # `tune.with_parameters` gives the rest
        self,
        config: dict[str, Any],
        data_ref: list[Any],
        resources: ResourcesConfig,
        retries: int = 0,
        grows: bool = False,
    ) -> None:
        """Called once an actor.

        Args:
            config: The first trial: `spec` is its `TrialSpec` as JSON.
            data_ref: A list of the one reference to data set and objective, which the workers take from Ray's object
                store and the slot does not need.
            resources: Of a trial.
            retries: Times that a trial is begun again after a worker died.
            grows: Whether the cluster has an autoscaler, which a group may wait for.
        """
        self._group = WorkerGroup(data_ref, resources, retries, Path(self.logdir), grows=grows)
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Called instead of `setup` for every further trial."""
        self._spec = new_config["spec"]
        self._group.begin(self._spec)
        return True

    def step(self) -> dict[str, Any]:
        """One epoch."""
        report = self._group.run_epoch()
        if report.cause == "memory" and (again := _smaller(self._spec, report)):
            self._spec = again
            self._group.begin_again(again)
            report = self._group.run_epoch()
        return report.to_result()

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Checkpoints are the trainer's business."""

    def load_checkpoint(self, checkpoint: Any) -> None:
        """Checkpoints are the trainer's business."""

    def cleanup(self) -> None:
        """Free the workers and their placement group, before the actor ends."""
        self._group.end()


class WorkerGroup:
    """A run of Ray Train in a thread, and the mailbox by which its ranks are told what to do.

    Args:
        data_ref: A list of the one reference to data set and objective.
        resources: Of the group.
        retries: Times that a trial is begun again after a worker died.
        folder: For Train's own files.
        grows: Whether an autoscaler may make room for a group that has lost a node.
    """

    def __init__(
        self,
        data_ref: list[Any],
        resources: ResourcesConfig,
        retries: int,
        folder: Path,
        *,
        grows: bool = False,
    ) -> None:
        for name, value in _SETTINGS.items():
            os.environ.setdefault(name, value)
        self._mailbox, mark = _make_mailbox(retries)
        self._epoch = 0
        self._shortage = None if grows else PlacementTimeout(mark)
        self._spec: str | None = None  # of a trial that has not begun
        self._error: BaseException | None = None
        gpus = resources.gpus_per_worker
        trainer = TorchTrainer(
            _serve,
            train_loop_config={
                "mailbox": self._mailbox,
                "data_ref": data_ref,
                "threads": max(1, int(resources.cpus_per_worker)),
                "gpu": gpus > 0,
            },
            scaling_config=ScalingConfig(
                num_workers=resources.workers,
                use_gpu=gpus > 0,
                resources_per_worker=_bundle(resources) | {"memory": mark},
            ),
            run_config=RunConfig(
                name="group",
                storage_path=str(folder),
                # The type hints are those of Ray Train's first version.
                failure_config=FailureConfig(
                    max_failures=_DEATHS, controller_failure_limit=_STARTS
                ),  # type: ignore[call-arg]
                callbacks=[mailbox.FailureCallback(self._mailbox)],  # type: ignore[list-item]
            ),
        )
        self._thread = threading.Thread(
            target=self._fit, args=(trainer,), name="worker group", daemon=True
        )
        self._thread.start()

    def begin(self, spec: str) -> None:
        """A new trial; with its first epoch the workers let go of the last one."""
        self._epoch, self._spec = 0, spec

    def begin_again(self, spec: str) -> None:
        """The same trial with other settings, up to the epoch that it did not reach."""
        self._spec = spec

    def run_epoch(self) -> TrialReport:
        """Let the workers train one more epoch.

        A trial that goes on from a checkpoint, which only they know of, tells its last epoch before that again.

        Raises:
            RuntimeError: The group has ended, or has lost a node and finds no room for another worker.
        """
        asked = self._mailbox.ask.remote(self._epoch + 1, self._spec)
        self._spec = None
        while not ray.wait([asked], timeout=1.0)[0]:
            if not self._thread.is_alive():
                raise RuntimeError(f"the worker group has ended: {self._error}") from self._error
            if self._shortage is not None and self._shortage.lasts():
                raise RuntimeError(
                    "a node is gone, and there is no room for its workers on the others"
                )
        answer: str = ray.get(asked)
        if answer.startswith(mailbox.DIED):
            why = answer.removeprefix(mailbox.DIED)
            return TrialReport(self._epoch, {}, float("nan"), "FAIL", why)
        report = TrialReport.from_json(answer)
        if report.state != "FAIL":
            self._epoch = report.epoch
        return report

    def end(self) -> None:
        """Let the workers return, and wait until they and their placement group are gone."""
        if self._thread.is_alive():
            self._mailbox.end.remote()
            self._thread.join(_END_S)

    def _fit(self, trainer: TorchTrainer) -> None:
        try:
            trainer.fit()
        except BaseException as error:  # noqa: BLE001  # told by `run_epoch`, in the thread that can
            self._error = error


def _smaller(spec: str, report: TrialReport) -> str:
    """What to begin in place of a trial that ran out of memory; empty where it has failed."""
    from mtl_search.training.out_of_memory import with_smaller_batches  # which imports torch
    from mtl_search.training.trial import TrialSpec

    again = with_smaller_batches(TrialSpec.from_json(spec), report)
    return again.to_json() if again is not None else ""


def _serve(told: dict[str, Any]) -> None:
    from mtl_search.training.workers.rank import (
        serve_commands,  # what trains is slow to import, and the slot does not train
    )

    serve_commands(told)


def _bundle(resources: ResourcesConfig) -> dict[str, float]:
    """What one worker needs of a node."""
    needs = {"CPU": resources.cpus_per_worker, "GPU": resources.gpus_per_worker}
    return {name: need for name, need in needs.items() if need}


def _make_mailbox(retries: int) -> tuple[Any, int]:
    """A mailbox, and the number in its name that no other group has."""
    # By value, so that its process does not import this package, and with it torch: 2 seconds and 150 MB.
    cloudpickle.register_pickle_by_value(mailbox)
    actor = ray.remote(mailbox.Mailbox)
    while True:
        mark = random.randrange(1, MOST_BYTES)
        try:
            return actor.options(name=f"{MAILBOX}{mark}", num_cpus=0).remote(retries), mark
        except ValueError:  # another group has this number
            continue
