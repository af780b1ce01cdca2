"""The training loop of one trial, an epoch at a time.

T tasks, G batches of a step (`training.accumulate`), N samples of a split
"""

from __future__ import annotations

import math
import time
from functools import cached_property
from typing import Any, Literal

import torch

from mtl_search.data import DataSet
from mtl_search.data.loading.device_data import DeviceData
from mtl_search.data.loading.loader import Loader
from mtl_search.errors import TrialError
from mtl_search.metrics.objective import ObjectiveFunction
from mtl_search.storage.trial_directory import TrialDirectory
from mtl_search.training import acceleration, checkpoint
from mtl_search.training.balanced_step import build_step
from mtl_search.training.distributed.communicator import Communicator, SingleProcess
from mtl_search.training.distributed.failure_sync import FailureSync
from mtl_search.training.distributed.network_replica import build_replica
from mtl_search.training.epoch_outputs import EpochOutputs
from mtl_search.training.exploit import OwnSettings
from mtl_search.training.optimizers.build import (
    build_optimizer,
    build_schedule,
    learning_rate,
    parameter_groups,
)
from mtl_search.training.probes.probes import Probes
from mtl_search.training.results.best_network import BestNetwork
from mtl_search.training.results.facts import trial_facts
from mtl_search.training.results.split_results import SplitResults
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_loaders import TrialLoaders, samples_by_source, step_batches
from mtl_search.training.trial_report import TrialReport


class Trainer:
    """Train the network of one trial, and judge it after every epoch.

    With several ranks each builds a trainer of the same trial and makes the same calls; all get the
    same reports and the same errors. Each holds its part of every batch. Weights, optimiser,
    progress and the order of the samples are the same on all ranks. What differs are the numbers
    that dropout and augmentation draw, and within an epoch the running statistics of batch
    normalisation, which rank 0 hands to the others at its end (`training.sync_batch_norm` makes
    them, and the normalisation itself, the whole batch's). Rank 0 alone computes metrics, reads and
    writes the trial's folder, and reads the clock.

    A trial whose folder holds a checkpoint goes on from there.

    Args:
        spec: The trial.
        data: The whole data set; only the views and targets of the trial's tasks are touched.
        device: The device to train on.
        device_data: The data set on that device, where it is small enough; None streams it.
        objective: A function of the user's in place of `spec.objective`.
        communicator: The ranks that train the trial together; by default this process alone.
    """

    def __init__(
        self,
        spec: TrialSpec,
        data: DataSet,
        device: torch.device,
        device_data: DeviceData | None = None,
        objective: ObjectiveFunction | None = None,
        *,
        communicator: Communicator | None = None,
    ) -> None:
        self.spec = spec
        self.data = data
        self.device = device
        self.communicator = communicator or SingleProcess()
        self.config = spec.config.training
        self.objective = objective or spec.objective
        self.directory = TrialDirectory(spec.directory, spec.storage)

        self.network = build_replica(spec, data, device, self.communicator)
        self.heads = self.network.heads
        self.target_names = self.network.target_names
        self.parameters = list(self.network.parameters())
        groups = parameter_groups(self.network, self.config, split=spec.until is not None)
        self.optimizer = build_optimizer(self.config.optimizer, groups)
        self.schedule = build_schedule(self.config.schedule, self.optimizer, self.config.epochs)
        self._loaders = TrialLoaders(
            spec, data, self.network, device, device_data, self.communicator
        )
        self.train_loader = self._loaders.training()
        self.failure_sync = FailureSync(
            self.communicator, exchanges_in_passes=self.config.sync_batch_norm
        )
        self.step = build_step(self.network, spec, self.communicator, self.failure_sync)
        self.probes = Probes(self.step, self.optimizer, spec.config)
        acceleration.compile_network(self.config, self.network)
        self._results = SplitResults(self.step, self._loaders)
        self.evaluator = self._results.evaluator
        self.best = BestNetwork(self.directory, self.network, spec, data)

        self.progress = checkpoint.Progress()
        self._last_checkpoint = time.monotonic()
        if self.communicator.run_on_rank_zero(lambda: checkpoint.exists(self.directory)):
            self.progress = progress = self._resume()
            progress.best, progress.anchor = self.communicator.run_on_rank_zero(
                lambda: progress.recomputed(self._finite_objective)
            )

    # ---------------------------------------------------------------- the loop

    def train_epoch(self) -> dict[str, float]:
        """Train on the whole training split once; return its losses and, if asked for, metrics."""
        return self._training_values(self._take_steps())

    def _take_steps(self) -> EpochOutputs:
        """Take the steps of an epoch; return the record of its batches."""
        self.network.train()
        self.train_loader.set_epoch(self.progress.epoch)
        clip_norm = self.config.clip_norm
        epoch_outputs = EpochOutputs(keep_outputs=self.config.train_metrics)

        loader = self.failure_sync.batches(self.train_loader, len(self.train_loader))
        steps = step_batches(loader, self.config.accumulate)
        count = -(-len(self.train_loader) // self.config.accumulate)
        for batches in self.probes.watch(steps, count, self.progress.epoch):
            self.step.accumulate_gradients(batches, epoch_outputs)
            if clip_norm is not None:
                torch.nn.utils.clip_grad_norm_(self.parameters, clip_norm)
            self.optimizer.step()
            if self.step.needs_losses_after_step:
                self.step.after_optimizer_step(batches)
            # What `zero_grad` does, without its 5 % of a small network's step.
            for parameter in self.parameters:
                parameter.grad = None
        self.failure_sync.check()
        self.communicator.broadcast(list(self.network.buffers()))
        return epoch_outputs

    def evaluate(self, split: str, passed: EpochOutputs | None = None) -> dict[str, float]:
        """Return losses and metrics over all labelled samples of a split of the data set.

        Args:
            split: The split.
            passed: The record of the split, where it was passed already.
        """
        return self._results.of(split, self.progress.epoch + 1, passed)

    def run_epoch(self) -> TrialReport:
        """Train one epoch, validate, store the network if it is the best, and report.

        Raises:
            TrialError: A loss or the objective is not a finite number.
        """
        # A trial may be resumed after its last epoch, or its pause, whose report got lost.
        if self._is_done() or self._reached_pause():
            return self.report()
        began = time.perf_counter()
        epoch_outputs = self._take_steps()
        return self.finish_epoch(epoch_outputs, time.perf_counter() - began)

    def evaluation_loader(self, split: str) -> Loader:
        """Return a loader of a split in its own order."""
        return self._loaders.evaluation(split)

    def finish_epoch(
        self, trained: EpochOutputs, seconds: float, validated: EpochOutputs | None = None
    ) -> TrialReport:
        """Validate after an epoch of training, store the network if it is the best, and report.

        Args:
            trained: The record of the epoch.
            seconds: How long it took.
            validated: The record of the validation split, where it was passed already.

        Raises:
            TrialError: A loss or the objective is not a finite number.
        """
        began = time.perf_counter() - seconds
        progress = self.progress
        on_rank_zero = self.communicator.run_on_rank_zero
        rate = learning_rate(self.optimizer)
        metrics = self._training_values(trained) | self.evaluate("validation", validated)
        if self.schedule is not None:
            self.schedule.step()
        objective = on_rank_zero(lambda: self._finite_objective(metrics))

        progress.epoch += 1
        if progress.best_epoch == 0 or objective > progress.best:
            on_rank_zero(lambda: self.best.remember(progress.epoch))
        stopping = self.config.early_stopping
        progress.update(objective, metrics, stopping.min_delta if stopping else 0.0)
        seconds = on_rank_zero(lambda: time.perf_counter() - began)
        progress.seconds += seconds
        progress.metrics = metrics | {"lr": rate, "seconds": seconds}
        self._store()
        return self.report()

    def report(self) -> TrialReport:
        """Report the last epoch; again, where the first report was not received."""
        test: dict[str, float] = {}
        items = ""
        state: Literal["RUNNING", "PAUSED", "COMPLETE"] = "RUNNING"
        if self._is_done():
            state = "COMPLETE"
            if self.spec.test:
                checkpoint.load_best(self.directory, self.network, self.communicator)
                test, items = self._results.test(self.progress.epoch + 1)
        elif self._reached_pause():
            state = "PAUSED"
        return TrialReport(
            epoch=self.progress.epoch,
            metrics=self.progress.metrics,
            objective=self.progress.best,
            state=state,
            info=self.info(),
            test=test,
            items=items,
            seconds=self.progress.seconds,
        )

    def info(self) -> dict[str, Any]:
        """Return what tables and MLflow show of the trial's network and settings."""
        return dict(self._facts)

    def fail(self) -> None:
        """Keep the best network of a trial that goes no further; the other ranks take no part."""
        if self.communicator.rank == 0:
            self.best.write_after_failure()

    # ---------------------------------------------------------------- its parts

    @cached_property
    def _facts(self) -> dict[str, Any]:
        return trial_facts(self.step, self.spec.config, self.train_loader)

    def _resume(self) -> checkpoint.Progress:
        """Load the checkpoint.

        A member of a population may find another member's there, and keeps its own settings.
        """
        stateful = self._stateful()
        if self.spec.until is None:
            return checkpoint.load(self.directory, self.network, stateful, self.communicator)
        stateful.pop("schedule", None)
        own_settings = OwnSettings(self.optimizer, self.schedule, self.config.optimizer)
        progress = checkpoint.load(self.directory, self.network, stateful, self.communicator)
        own_settings.restore(progress.epoch)
        return progress

    def _stateful(self) -> dict[str, checkpoint.Stateful]:
        """Return what a checkpoint holds besides the network."""
        stateful: dict[str, checkpoint.Stateful] = {"optimizer": self.optimizer}
        if self.schedule is not None:
            stateful["schedule"] = self.schedule
        stateful["balance"] = self.step
        return stateful

    def _store(self) -> None:
        """Write the best network where it may be looked for, and `last` where it is due."""
        on_rank_zero, stops = self.communicator.run_on_rank_zero, self.spec.stop_epochs
        is_done = self._is_done()
        is_due = self._reached_pause() or (not is_done and on_rank_zero(self._checkpoint_is_due))
        if is_due or is_done or stops is None or self.progress.epoch in stops:
            on_rank_zero(self.best.write)
        if is_due:  # after the best network, whose epoch it says
            checkpoint.save(
                self.directory, self.network, self._stateful(), self.progress, self.communicator
            )
            self._last_checkpoint = time.monotonic()

    def _training_values(self, epoch_outputs: EpochOutputs) -> dict[str, float]:
        """Return all that is logged of an epoch of training."""
        metrics = self._results.training(
            epoch_outputs, self.progress.epoch + 1, with_metrics=self.config.train_metrics
        )
        drawn = samples_by_source(self.train_loader)
        return metrics | drawn | self.step.end_epoch() | self.probes.end_epoch()

    def _finite_objective(self, metrics: dict[str, float]) -> float:
        value = float(self.objective(metrics))
        if not math.isfinite(value):
            raise TrialError(f"the objective is {value} in epoch {self.progress.epoch + 1}")
        return value

    def _checkpoint_is_due(self) -> bool:
        return time.monotonic() - self._last_checkpoint >= self.config.checkpoint_every_s

    def _reached_pause(self) -> bool:
        return self.spec.until is not None and self.progress.epoch >= self.spec.until

    def _is_done(self) -> bool:
        if self.progress.epoch >= self.config.epochs:
            return True
        stopping = self.config.early_stopping
        return stopping is not None and self.progress.since_improvement >= stopping.patience
