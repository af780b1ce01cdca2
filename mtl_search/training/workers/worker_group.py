"""A warm slot of several workers: one Tune actor, and a worker group that stays up across trials.

A `TorchTrainer.fit()` a trial takes 10 to 30 seconds and seven helper processes. Here it is called
once, in a thread of the slot's actor, with a train function that serves trial after trial (`rank`);
slot and ranks talk through a mailbox. The actor itself needs no CPU. Train's workers are outside
Tune's accounting: how many slots there are follows from the cluster (`cluster.capacity`).

How a group is found again when the slot's process dies: Train's placement group belongs to the job
and stays. Its bundles ask for some bytes of memory besides the CPUs, another number for each group,
and the group's mailbox, which dies with the slot, has that number in its name. A placement group
whose mailbox is gone is an orphan, which `placement_groups` removes.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import ray
from ray import cloudpickle, tune
from ray.train import FailureConfig, RunConfig, ScalingConfig
from ray.train.torch import TorchTrainer

from mtl_search.config.schema import ResourcesConfig
from mtl_search.config.secrets import reveal
from mtl_search.training.trial_report import TrialReport, to_result
from mtl_search.training.workers import mailbox
from mtl_search.training.workers.mailbox import MAILBOX, MOST_BYTES
from mtl_search.training.workers.placement_groups import PlacementTimeout

# Environment variables that Ray Train reads in the slot's process, and passes on to its own.
_TRAIN_SETTINGS = {
    # Until a dead worker is noticed, and until the end of a group is.
    "RAY_TRAIN_HEALTH_CHECK_INTERVAL_S": "0.5",
    # Trials have checkpoints of their own; it is one process less.
    "RAY_TRAIN_ENABLE_PREEMPTION_WATCHER": "0",
    # Relative paths mean in a trial what they mean to the user.
    "RAY_CHDIR_TO_TRIAL_DIR": "0",
}

_END_TIMEOUT_S = 8.0  # for a group to end; Tune waits 10 seconds for the actor

# Deaths of workers that one group survives. Those of one trial are limited by `search.retries`.
_MAX_DEATHS = 20
# Attempts to get the workers' resources, a minute each: as long as an autoscaler takes to start a
# machine.
_MAX_STARTS = 10


class WorkerGroupTrainable(tune.Trainable):
    """Train the trials that Tune assigns, one after another, on a worker group."""

    def setup(  # type: ignore[override]  # `tune.with_parameters` gives the rest
        self,
        config: dict[str, Any],
        data_ref: list[Any],
        resources: ResourcesConfig,
        retries: int = 0,
        grows: bool = False,
        *,
        vault: Mapping[str, str] | None = None,
    ) -> None:
        """Start the worker group, and prepare its first trial.

        Args:
            config: The first trial: `specs` has its `TrialSpec` as JSON, `arms` its id.
            data_ref: A list of the one reference to data set, objective and whether the data set
                was handed over. Ray does not resolve a reference in a list: the workers fetch the
                data, and the slot needs none.
            resources: The resources of a trial.
            retries: How often a trial is begun again after a worker died.
            grows: Whether the cluster has an autoscaler, for which a group may wait.
            vault: The secrets for the placeholders in the specs of trials.
        """
        self._vault = vault or {}
        self._group = WorkerGroup(data_ref, resources, retries, Path(self.logdir), grows=grows)
        self.reset_config(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Prepare a further trial, in place of `setup`."""
        (text,) = new_config["specs"]
        self._spec = reveal(text, self._vault)
        (self._id,) = new_config["arms"]
        self._group.begin(self._spec)
        return True

    def step(self) -> dict[str, Any]:
        """Train one epoch."""
        report = self._group.run_epoch()
        if report.cause == "memory" and (again := _with_smaller_batches(self._spec, report)):
            self._spec = again
            self._group.begin_again(again)
            report = self._group.run_epoch()
        return to_result({self._id: report})

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Do nothing: the trainer writes the checkpoints."""

    def load_checkpoint(self, checkpoint: Any) -> None:
        """Do nothing: the trainer reads the checkpoints."""

    def cleanup(self) -> None:
        """Free the workers and their placement group, before the actor ends."""
        self._group.end()


class WorkerGroup:
    """Run Ray Train in a thread, and command its ranks through a mailbox.

    Args:
        data_ref: A list of the one reference that the workers read.
        resources: The resources of the group.
        retries: How often a trial is begun again after a worker died.
        folder: The folder of Train's own files.
        grows: Whether an autoscaler may replace a node that the group has lost.
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
        for name, value in _TRAIN_SETTINGS.items():
            os.environ.setdefault(name, value)
        self._mailbox, mark = _make_mailbox(retries)
        self._epoch = 0
        self._placement_timeout = None if grows else PlacementTimeout(mark)
        self._pending: str | None = None  # spec of a trial that has not begun
        self._error: BaseException | None = None
        uses_gpus = resources.gpus_per_worker > 0
        trainer = TorchTrainer(
            _serve,
            train_loop_config={
                "mailbox": self._mailbox,
                "data_ref": data_ref,
                "threads": max(1, int(resources.cpus_per_worker)),
                "gpu": uses_gpus,
            },
            scaling_config=ScalingConfig(
                num_workers=resources.workers,
                use_gpu=uses_gpus,
                resources_per_worker=_bundle(resources) | {"memory": mark},
            ),
            run_config=RunConfig(
                name="group",
                storage_path=str(folder),
                # The type hints are those of Ray Train's first version.
                failure_config=FailureConfig(
                    max_failures=_MAX_DEATHS, controller_failure_limit=_MAX_STARTS
                ),  # type: ignore[call-arg]
                callbacks=[mailbox.FailureCallback(self._mailbox)],  # type: ignore[list-item]
            ),
        )
        self._thread = threading.Thread(
            target=self._fit, args=(trainer,), name="worker group", daemon=True
        )
        self._thread.start()

    def begin(self, spec: str) -> None:
        """Prepare a new trial; the workers release the last one with its first epoch."""
        self._epoch = 0
        self._pending = spec

    def begin_again(self, spec: str) -> None:
        """Prepare the same trial with other settings, up to the epoch that it did not reach."""
        self._pending = spec

    def run_epoch(self) -> TrialReport:
        """Let the workers train one more epoch.

        A trial that goes on from a checkpoint, which only they know of, first reports the epoch
        before that again.

        Raises:
            RuntimeError: The group has ended, or has lost a node and finds no room for another
                worker.
        """
        request = self._mailbox.request_epoch.remote(self._epoch + 1, self._pending)
        self._pending = None
        while not ray.wait([request], timeout=1.0)[0]:
            if not self._thread.is_alive():
                raise RuntimeError(f"the worker group has ended: {self._error}") from self._error
            if self._placement_timeout is not None and self._placement_timeout.expired():
                raise RuntimeError(
                    "a node is gone, and there is no room for its workers on the others"
                )
        answer: str = ray.get(request)
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
            self._thread.join(_END_TIMEOUT_S)

    def _fit(self, trainer: TorchTrainer) -> None:
        try:
            trainer.fit()
        except BaseException as error:  # noqa: BLE001  raised by `run_epoch`, in the actor's thread
            self._error = error


def _with_smaller_batches(spec: str, report: TrialReport) -> str:
    """Return the trial to begin after one that ran out of memory; empty if it has failed."""
    from mtl_search.training.out_of_memory import with_smaller_batches  # which imports torch
    from mtl_search.training.trial import TrialSpec

    again = with_smaller_batches(TrialSpec.from_json(spec), report)
    return again.to_json() if again is not None else ""


def _serve(settings: dict[str, Any]) -> None:
    # Imported in the worker: it loads torch, and the slot does not train.
    from mtl_search.training.workers.rank import serve_commands

    serve_commands(settings)


def _bundle(resources: ResourcesConfig) -> dict[str, float]:
    """Return the resources that one worker needs of a node."""
    needs = {"CPU": resources.cpus_per_worker, "GPU": resources.gpus_per_worker}
    return {name: need for name, need in needs.items() if need}


def _make_mailbox(retries: int) -> tuple[Any, int]:
    """Make a mailbox; return it with the number in its name that no other group has."""
    # By value, so that its process does not import this package, and with it torch: 2 seconds and
    # 150 MB.
    cloudpickle.register_pickle_by_value(mailbox)
    actor = ray.remote(mailbox.Mailbox)
    while True:
        mark = random.randrange(1, MOST_BYTES)
        try:
            return actor.options(name=f"{MAILBOX}{mark}", num_cpus=0).remote(retries), mark
        except ValueError:  # another group has this number
            continue
