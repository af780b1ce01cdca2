"""Trains trial after trial in one process, and leaves nothing of one in the next.

What could bleed over is set anew: the network and optimiser are built again, the random generators are seeded, cached
GPU memory is given back, and cuDNN's benchmark choices are off.
"""

from __future__ import annotations

import gc
from dataclasses import replace

import torch

from mtl_search.data import DataSet
from mtl_search.data.loading.loader import DeviceData, should_be_resident
from mtl_search.errors import TrialError
from mtl_search.metrics.objective import ObjectiveFunction
from mtl_search.training import acceleration
from mtl_search.training.distributed.communicator import Communicator
from mtl_search.training.failures import cause, reason
from mtl_search.training.trainer import Trainer
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_report import TrialReport


class TrialRunner:
    """One process's place for trials.

    Args:
        data: The data set.
        objective: A function of the user's in place of the trials' own objective.
        threads: CPU threads of torch.
        device: Where to train; default: what each trial's `training.device` asks for.
    """

    def __init__(
        self,
        data: DataSet,
        objective: ObjectiveFunction | None = None,
        *,
        threads: int = 1,
        device: torch.device | None = None,
    ) -> None:
        torch.set_num_threads(threads)
        self._data, self._custom_objective, self._device = data, objective, device
        self._resident: DeviceData | None = None
        self._spec: TrialSpec | None = None
        self._peers: Communicator | None = None
        self._trainer: Trainer | None = None
        self._used = False

    def setup(self, spec: TrialSpec, peers: Communicator | None = None) -> None:
        """Make ready for a trial; it is built in its first epoch, where a failure has somewhere to go.

        Args:
            spec: The trial.
            peers: The ranks that train it together; default: this process alone.
        """
        self.release()
        self._spec, self._peers = spec, peers
        torch.backends.cudnn.benchmark = False

    def train_until(self, epoch: int) -> TrialReport:
        """Train until this epoch is done, and report it; it may have been done before the process began.

        A trial that goes on from a checkpoint then tells its last epoch before that: the process that trained it may
        have died before it could, or before it was heard.

        Raises:
            Exception: Whatever the trial's network or data raise.
        """
        trainer = self._ready()
        if trainer.progress.epoch >= epoch:
            return self._with_oom_note(trainer.report())
        report = trainer.run_epoch()
        while report.state == "RUNNING" and report.epoch < epoch:
            report = trainer.run_epoch()
        return self._with_oom_note(report)

    def failure(self, error: Exception) -> TrialReport:
        """The report of a trial that this error ended."""
        epoch = self._trainer.progress.epoch if self._trainer else 0
        info = self._trainer.info() if self._trainer else {}
        why = reason(error)
        if self._spec is not None and self._spec.shrunk:
            why = f"begun again with {self._spec.shrunk}: {why}"
        return self._with_oom_note(
            TrialReport(epoch, {}, float("nan"), "FAIL", why, info, cause=cause(error))
        )

    def release(self) -> None:
        """Let go of the trial that ended, so that the next one finds its memory free."""
        if self._spec is None:
            return
        compiled = self._spec.config.training.compile
        self._spec = self._peers = self._trainer = None
        if compiled:
            acceleration.reset_compiler()
        gc.collect()
        if not self._used:
            # What is alive now are modules and the runner itself. A collection that looked at them again after every
            # trial would take 0.15 s.
            gc.freeze()
            self._used = True
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _with_oom_note(self, report: TrialReport) -> TrialReport:
        """With a word on what was changed of the trial, if anything was."""
        if self._spec is None or not self._spec.shrunk:
            return report
        return replace(report, info={**report.info, "out_of_memory": self._spec.shrunk})

    def _ready(self) -> Trainer:
        if self._trainer is None:
            self._trainer = self._build()
        return self._trainer

    def _build(self) -> Trainer:
        assert self._spec is not None, "`begin` comes first"
        training = self._spec.config.training
        device = self._device or choose_device(training.device)
        # On the CPU the samples are not copied, so there is nothing to share out.
        share = (
            min(1.0, self._spec.config.resources.gpus_per_worker or 1.0)
            if device.type == "cuda"
            else 1.0
        )
        if self._resident is None and should_be_resident(
            self._data, training.cache_on_device, device, share
        ):
            self._resident = DeviceData(self._data, device)
        # A single-task trial is a reference, and is judged by its own metric whatever the sweep's objective is.
        custom = None if self._spec.objective.kind == "primary" else self._custom_objective
        return Trainer(self._spec, self._data, device, self._resident, custom, peers=self._peers)


def choose_device(setting: str) -> torch.device:
    """The device that `training.device` asks for; `auto` takes a GPU when this process may use one.

    Raises:
        TrialError: It asks for a GPU, and there is none.
    """
    if setting == "auto":
        setting = "cuda" if torch.cuda.is_available() else "cpu"
    device = torch.device(setting)
    if device.type == "cuda" and not torch.cuda.is_available():
        raise TrialError(
            "training.device is cuda, and the process that trains sees no GPU (auto takes what there is)"
        )
    if device.type == "cuda" and device.index is None:  # as tensors say it that live there
        return torch.device("cuda", torch.cuda.current_device())
    return device


def is_fatal_cuda_error(error: Exception) -> bool:
    """Whether the process cannot go on: after such an error every further CUDA call fails as well."""
    accelerator = getattr(torch, "AcceleratorError", ())
    return isinstance(error, accelerator) if accelerator else "CUDA error" in str(error)
