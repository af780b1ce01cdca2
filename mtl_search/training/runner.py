"""Train trial after trial in one process, and leave nothing of one in the next.

Whatever could leak is reset: the network and optimiser are built again, the random generators are
seeded, cached GPU memory is given back, and cuDNN's benchmark mode is off.
"""

from __future__ import annotations

import gc
from dataclasses import replace
from typing import Any

import torch

from mtl_search.data import SPLITS, DataSet
from mtl_search.data.datasets.partitions import Partitions
from mtl_search.data.loading.device_data import DeviceData, should_be_resident
from mtl_search.errors import ConfigError, TrialError
from mtl_search.metrics.objective import ObjectiveFunction
from mtl_search.training import acceleration
from mtl_search.training.distributed.communicator import Communicator
from mtl_search.training.failures import cause, reason
from mtl_search.training.trainer import Trainer
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_report import TrialReport


class TrialRunner:
    """Train trials in this process, one after another.

    Args:
        data: The data set.
        objective: A function of the user's in place of the trials' own objective.
        threads: The number of CPU threads of torch.
        device: The device to train on; by default the one that each trial's `training.device` asks
            for.
        handed_over: Whether the data set is an object of the user's, which the config does not
            describe (see `Partitions`).
    """

    def __init__(
        self,
        data: DataSet,
        objective: ObjectiveFunction | None = None,
        *,
        threads: int = 1,
        device: torch.device | None = None,
        handed_over: bool = False,
    ) -> None:
        torch.set_num_threads(threads)
        self._partitions = Partitions(data, handed_over=handed_over)
        self._custom_objective = objective
        self._device = device
        self._device_data: DeviceData | None = None
        self._device_split = 0  # the partition of the data on the device
        self._spec: TrialSpec | None = None
        self._communicator: Communicator | None = None
        self._trainer: Trainer | None = None
        self._has_frozen = False
        self._has_built = False  # for a pack, which holds its trainers itself

    def setup(self, spec: TrialSpec, communicator: Communicator | None = None) -> None:
        """Prepare a trial; it is built in its first epoch, where a failure can be reported.

        Args:
            spec: The trial.
            communicator: The ranks that train it together; by default this process alone.
        """
        self.release()
        self._spec = spec
        self._communicator = communicator
        torch.backends.cudnn.benchmark = False

    def train_until(self, epoch: int) -> TrialReport:
        """Train until this epoch is done, and report it; an earlier process may have done it.

        A trial that goes on from a checkpoint then reports its last epoch before that: the process
        that trained it may have died before it could, or before its report arrived.

        Raises:
            Exception: Whatever the trial's network or data raise.
        """
        if self._trainer is None:
            self._trainer = self._build()
        trainer = self._trainer
        if trainer.progress.epoch >= epoch:
            return self._with_notes(trainer.report())
        report = trainer.run_epoch()
        while report.state == "RUNNING" and report.epoch < epoch:
            report = trainer.run_epoch()
        return self._with_notes(report)

    def failure(self, error: Exception) -> TrialReport:
        """Keep the best network of the trial that this error ended, and return its report."""
        if self._trainer is not None:
            self._trainer.fail()
        epoch = self._trainer.progress.epoch if self._trainer else 0
        info = self._trainer.info() if self._trainer else {}
        why = reason(error)
        if self._spec is not None and self._spec.shrunk:
            why = f"begun again with {self._spec.shrunk}: {why}"
        return self._with_notes(
            TrialReport(epoch, {}, float("nan"), "FAIL", why, info, cause=cause(error))
        )

    def release(self) -> None:
        """Free the trial that ended, so that the next one finds its memory free."""
        if self._spec is None and not self._has_built:
            return
        compiled = self._spec is not None and self._spec.config.training.compile
        self._has_built = False
        self._spec = self._communicator = self._trainer = None
        if compiled:
            acceleration.reset_compiler()
        gc.collect()
        if not self._has_frozen:
            # Only modules and the runner itself are alive now. A collection that visited them again
            # after every trial would take 0.15 s.
            gc.freeze()
            self._has_frozen = True
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _with_notes(self, report: TrialReport) -> TrialReport:
        """Add what the trainer does not know: other batches for less memory, another partition."""
        notes: dict[str, Any] = {}
        if self._spec is not None and self._spec.shrunk:
            notes["out_of_memory"] = self._spec.shrunk
        if self._spec is not None and self._spec.split and self._trainer is not None:
            splits = self._trainer.data.splits
            notes["samples"] = {split: len(splits[split]) for split in SPLITS}
        return replace(report, info={**report.info, **notes})

    def _data_of(self, spec: TrialSpec) -> DataSet:
        """Return the data with the trial's partition; another one leaves the device before."""
        if spec.split != self._device_split:
            self._device_data = None
            self._device_split = spec.split
        return self._partitions.of(spec.config, spec.split)

    def _build(self) -> Trainer:
        assert self._spec is not None, "`setup` comes first"
        return self.build(self._spec)

    def build(self, spec: TrialSpec) -> Trainer:
        """Build the trainer of a trial, on data that all trials of this process share.

        Raises:
            Exception: Whatever the trial's network or data raise.
        """
        self._has_built = True
        data = self._data_of(spec)
        training = spec.config.training
        device = self._device or choose_device(training.device)
        share = 1.0  # of the device's memory; on the CPU the samples are not copied
        if device.type == "cuda":
            share = min(1.0, spec.config.resources.gpus_per_worker or 1.0)
        if self._device_data is None and should_be_resident(
            data, training.cache_on_device, device, share
        ):
            self._device_data = DeviceData(data, device)
        # A single-task trial is a reference, and is judged by its own metric whatever the sweep's
        # objective is.
        custom = None if spec.objective.kind == "primary" else self._custom_objective
        return Trainer(
            spec, data, device, self._device_data, custom, communicator=self._communicator
        )


def choose_device(setting: str) -> torch.device:
    """Return the device that `training.device` asks for; `auto` is a GPU if the process has one.

    Raises:
        TrialError: It asks for a GPU, and there is none.
    """
    if setting == "auto":
        setting = "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(setting)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise TrialError(
            "training.device is cuda, and the process that trains sees no GPU "
            "(auto takes what there is)"
        )
    if device.type == "cuda" and device.index is None:  # tensors on a GPU have an index
        return torch.device("cuda", torch.cuda.current_device())
    return device


def is_fatal_cuda_error(error: Exception) -> bool:
    """Return whether the process cannot go on: after such an error every CUDA call fails."""
    if isinstance(error, ConfigError) and isinstance(error.__cause__, Exception):
        error = error.__cause__  # raised while a part of the network was built
    accelerator_error = getattr(torch, "AcceleratorError", ())
    return isinstance(error, accelerator_error) if accelerator_error else "CUDA error" in str(error)
