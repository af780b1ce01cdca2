"""A warm slot: one Tune actor that trains trial after trial.

Starting a process, importing torch and moving the data to the device take seconds; a trial of a small network takes
less. So the actor stays (`reuse_actors=True`), and `reset_config` sets up the next trial in it. What could bleed from
one trial into the next is set anew: the network and optimiser are built again, the random generators are seeded, cached
GPU memory is given back, and cuDNN's benchmark choices are off.

A failure that belongs to the trial (a loss that is not finite, an error in a network of the user's, too little GPU
memory) is an answer, not a crash: the slot stays warm. Only a dead process is a crash, which Tune answers with a new
actor.
"""

from __future__ import annotations

import gc
import traceback
from typing import Any

import torch
from ray import tune

from mtl_search.data import DataSet
from mtl_search.data.loader import DeviceData, should_be_resident
from mtl_search.errors import MtlSearchError
from mtl_search.training.objective import ObjectiveFunction
from mtl_search.training.trainer import Trainer
from mtl_search.training.trial import REPORT, Report, TrialSpec


class Slot(tune.Trainable):
    """Trains the trials that Tune hands it, one after another, in its own process."""

    def setup(  # type: ignore[override]  # `tune.with_parameters` gives the rest
        self, config: dict[str, Any], data: DataSet, threads: int = 1, objective: ObjectiveFunction | None = None
    ) -> None:
        """Called once an actor.

        Args:
            config: The first trial: `spec` is its `TrialSpec` as JSON.
            data: The data set, read in place from Ray's object store.
            threads: CPU threads of torch.
            objective: A function of the user's in place of the trial's own objective.
        """
        torch.set_num_threads(threads)
        self._data, self._custom_objective = data, objective
        self._resident: DeviceData | None = None
        self._trainer: Trainer | None = None
        self._used = False
        self._begin(config)

    def reset_config(self, new_config: dict[str, Any]) -> bool:
        """Called instead of `setup` for every further trial."""
        self._begin(new_config)
        return True

    def step(self) -> dict[str, Any]:
        """One epoch."""
        try:
            if self._trainer is None:  # built here rather than in `setup`, where a failure would end the actor
                self._trainer = self._build()
            report = self._trainer.run_epoch()
        except MtlSearchError as error:
            report = self._failure(str(error))
        except torch.OutOfMemoryError as error:
            report = self._failure(f"out of GPU memory; a smaller training.batch_size helps ({error})")
        except Exception as error:
            if _poisons_the_process(error):
                raise
            report = self._failure("".join(traceback.format_exception(error)).strip())
        result = {REPORT: report.to_json(), "epoch": report.epoch, "done": report.state != "RUNNING"}
        return result if report.state == "FAIL" else {**result, "objective": report.objective}

    def save_checkpoint(self, checkpoint_dir: str) -> None:
        """Checkpoints are the trainer's business."""

    def load_checkpoint(self, checkpoint: Any) -> None:
        """Checkpoints are the trainer's business."""

    def _begin(self, config: dict[str, Any]) -> None:
        self._spec = TrialSpec.from_json(config["spec"])
        if self._trainer is not None:
            self._release()
        torch.backends.cudnn.benchmark = False

    def _release(self) -> None:
        """Let go of the trial that ended, so that the next one finds its memory free."""
        self._trainer = None
        gc.collect()
        if not self._used:
            # What is alive now are modules and the slot itself. A collection that looked at them again after every
            # trial would take 0.15 s.
            gc.freeze()
            self._used = True
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def _build(self) -> Trainer:
        training = self._spec.config.training
        device = choose_device(training.device)
        if self._resident is None and should_be_resident(self._data, training.resident, device):
            self._resident = DeviceData(self._data, device)
        # A single-task trial is a reference, and is judged by its own metric whatever the sweep's objective is.
        custom = None if self._spec.objective.kind == "primary" else self._custom_objective
        return Trainer(self._spec, self._data, device, self._resident, custom)

    def _failure(self, reason: str) -> Report:
        epoch = self._trainer.progress.epoch if self._trainer else 0
        info = self._trainer.info() if self._trainer else {}
        return Report(epoch, {}, float("nan"), "FAIL", reason, info)


def choose_device(setting: str) -> torch.device:
    """The device that `training.device` asks for; `auto` takes a GPU when this process may use one."""
    if setting == "auto":
        setting = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(setting)


def _poisons_the_process(error: Exception) -> bool:
    """Whether the process cannot go on: after such an error every further CUDA call fails as well."""
    accelerator = getattr(torch, "AcceleratorError", ())
    return isinstance(error, accelerator) if accelerator else "CUDA error" in str(error)
