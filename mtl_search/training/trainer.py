"""The training loop of one trial, an epoch at a time.

T tasks, G batches of a step (`training.accumulate`), N samples of a split
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mtl_search.data import DataSet
from mtl_search.data.loading.loader import Batch, DeviceData, Loader
from mtl_search.errors import TrialError
from mtl_search.metrics.objective import ObjectiveFunction
from mtl_search.models.network import MultiTaskNetwork, build_network, parameter_count
from mtl_search.storage.trial_directory import TrialDirectory
from mtl_search.training import acceleration, balancing, checkpoint
from mtl_search.training.balanced_step import build_step
from mtl_search.training.distributed.communicator import (
    Communicator,
    ProcessGroupCommunicator,
    SingleProcess,
)
from mtl_search.training.distributed.failure_sync import FailureSync
from mtl_search.training.distributed.sync_batch_norm import check_sync_batch_norm
from mtl_search.training.epoch_outputs import EpochOutputs
from mtl_search.training.evaluator import Evaluator, metric_names
from mtl_search.training.exploit import OwnSettings
from mtl_search.training.optimizers.build import (
    build_optimizer,
    build_schedule,
    learning_rate,
    parameter_groups,
)
from mtl_search.training.seeds import seed_everything
from mtl_search.training.step import autocast
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_report import TrialReport


class Trainer:
    """Trains the network of one trial and judges it after every epoch.

    With several ranks each builds a trainer of the same trial and makes the same calls; all get the same reports and
    the same errors. Each holds its part of every batch. The same on all are weights, optimiser, progress and the order
    of the samples. What differs are the numbers that dropout and augmentation draw, and within an epoch the running
    statistics of batch normalisation, which rank 0 hands to the others at its end (`training.sync_batch_norm` makes
    them, and the normalisation itself, the whole batch's). Rank 0 alone computes metrics, reads and writes the trial's
    folder, and looks at the clock.

    Args:
        spec: The trial.
        data: The whole data set; only the views and targets of the trial's tasks are touched.
        device: Where to train.
        resident: The data set on the device, when it is small enough to live there; None streams it.
        objective: Takes the place of `spec.objective`, for a function of the user's.
        peers: The ranks that train it together.

    A trial whose folder holds a checkpoint goes on from there.
    """

    def __init__(
        self,
        spec: TrialSpec,
        data: DataSet,
        device: torch.device,
        resident: DeviceData | None = None,
        objective: ObjectiveFunction | None = None,
        *,
        peers: Communicator | None = None,
    ) -> None:
        self.spec, self.data, self.device, self.resident = spec, data, device, resident
        self.peers = peers or SingleProcess()
        self.config = spec.config.training
        self.objective = objective or spec.objective
        self.place = TrialDirectory(spec.directory, spec.storage)
        seed_everything(spec.seed)

        self.network = self._network()
        self.heads = self.network.heads
        self.target_names = self.network.target_names
        self.parameters = list(self.network.parameters())
        groups = parameter_groups(self.network, self.config, split=spec.until is not None)
        self.optimizer = build_optimizer(self.config.optimizer, groups)
        self.schedule = build_schedule(self.config.schedule, self.optimizer, self.config.epochs)
        self.train_loader = self._loader("train", self.config.batch_size, shuffle=True)
        self.guard = FailureSync(self.peers, exchanges_in_passes=self.config.sync_batch_norm)
        self.step = build_step(self.network, spec, self.peers, device, self.guard)
        acceleration.compile_network(self.config, self.network)
        self.scores = Evaluator(self.network, data.targets, metric_names(spec.config, self.network))

        self.progress = checkpoint.Progress()
        self._last_checkpoint = time.monotonic()
        if self.peers.run_on_rank_zero(lambda: checkpoint.exists(self.place)):
            self.progress = progress = self._resume()
            progress.best, progress.anchor = self.peers.run_on_rank_zero(
                lambda: progress.judged(self._finite_objective)
            )

    # ---------------------------------------------------------------- the loop

    def train_epoch(self) -> dict[str, float]:
        """One pass over the training split; returns its losses and, when asked for, its metrics."""
        self.network.train()
        self.train_loader.set_epoch(self.progress.epoch)
        clip_norm = self.config.clip_norm
        seen = EpochOutputs(keep_outputs=self.config.train_metrics)

        for batches in _groups(
            self.guard.batches(self.train_loader, len(self.train_loader)), self.config.accumulate
        ):
            self.step.accumulate_gradients(batches, seen)
            if clip_norm is not None:
                torch.nn.utils.clip_grad_norm_(self.parameters, clip_norm)
            self.optimizer.step()
            if self.step.needs_losses_after_step:
                self.step.after_optimizer_step(batches)
            for parameter in (
                self.parameters
            ):  # what `zero_grad` does, without its 5 % of a small network's step
                parameter.grad = None
        self.guard.check()
        self.peers.broadcast(list(self.network.buffers()))
        return self._training_scores(seen) | self._samples_by_source() | self.step.end_epoch()

    @torch.inference_mode()
    def evaluate(self, split: str) -> dict[str, float]:
        """Losses and metrics over all labelled samples of a split; `split` is a key of the data set's splits."""
        self.network.eval()
        name, seen = _SHORT.get(split, split), EpochOutputs()
        precision = autocast(self.config.precision, self.device)
        try:
            for batch in self._loader(split, self.config.eval_batch_size, shuffle=False):
                if batch.size:
                    with precision:
                        seen.add(self.network(batch.inputs, batch.masks), batch)
        except Exception as error:  # noqa: BLE001  the user's network may raise anything
            self.guard.record_failure(error)
        self.guard.check()
        outputs, labels = seen.collect(self.target_names, self.peers)
        epoch = self.progress.epoch + 1

        def judge() -> dict[str, float]:
            losses = self.scores.named(name, self.scores.losses(outputs, labels), epoch)
            return losses | self.scores.metrics(name, outputs, labels)

        return self.peers.run_on_rank_zero(judge)

    def run_epoch(self) -> TrialReport:
        """Train one epoch, validate, keep the best, and say how it went.

        Raises:
            TrialError: A loss or the objective is not a finite number.
        """
        began, progress = time.perf_counter(), self.progress
        if (
            self._is_done() or self._reached_pause()
        ):  # taken up again before its end, or its pause, was recorded
            return self.report()
        rate = learning_rate(self.optimizer)
        metrics = self.train_epoch() | self.evaluate("validation")
        if self.schedule is not None:
            self.schedule.step()
        objective = self.peers.run_on_rank_zero(lambda: self._finite_objective(metrics))

        progress.epoch += 1
        if progress.best_epoch == 0 or objective > progress.best:
            best = self.place, self.network, self.spec, self.data, progress.epoch
            self.peers.run_on_rank_zero(lambda: checkpoint.save_best(*best))
        stopping = self.config.early_stopping
        progress.update(objective, metrics, stopping.min_delta if stopping else 0.0)
        seconds = self.peers.run_on_rank_zero(lambda: time.perf_counter() - began)
        progress.seconds += seconds
        progress.metrics = metrics | {"lr": rate, "seconds": seconds}
        done = self._is_done()
        if self._reached_pause() or (
            not done and self.peers.run_on_rank_zero(self._checkpoint_is_due)
        ):
            checkpoint.save(self.place, self.network, self._parts(), progress, self.peers)
            self._last_checkpoint = time.monotonic()
        return self._report(progress.metrics, done)

    def report(self) -> TrialReport:
        """The last epoch's report again, for one who did not hear it."""
        return self._report(self.progress.metrics, self._is_done())

    def info(self) -> dict[str, Any]:
        """What tables and MLflow say of the trial's network and settings."""
        config = self.spec.config
        return {
            "parameters": parameter_count(self.network),
            "depth": self.network.sharing.depth,
            "weights": {task: settings.loss_weight for task, settings in config.tasks.items()},
            "lr": config.training.optimizer.arguments.get("lr"),
            "tasks": list(config.tasks),
            "adaptive": self.step.adaptive,
            "balancing": balancing.names(config.training) if self.step.adaptive else "",
        }

    # ---------------------------------------------------------------- its parts

    def _resume(self) -> checkpoint.Progress:
        """From a checkpoint. A member of a population may find another's there, and keeps its own settings."""
        parts = self._parts()
        if self.spec.until is None:
            return checkpoint.load(self.place, self.network, parts, self.peers)
        parts.pop("schedule", None)
        own = OwnSettings(self.optimizer, self.schedule, self.config.optimizer)
        progress = checkpoint.load(self.place, self.network, parts, self.peers)
        own.put_back(progress.epoch)
        return progress

    def _network(self) -> MultiTaskNetwork:
        """The network on the device, the same on all ranks; afterwards each draws random numbers of its own."""
        config, peers = self.spec.config, self.peers
        network = build_network(config, self.data)
        network.fit({task: self._labels(task, "train") for task in config.tasks})
        network.to(self.device)
        if self.config.sync_batch_norm and isinstance(peers, ProcessGroupCommunicator):
            check_sync_batch_norm(config, self.device)
            network = nn.SyncBatchNorm.convert_sync_batchnorm(network, peers.group)
        acceleration.to_channels_last(self.config, network)
        peers.broadcast(
            checkpoint.state_tensors(network)
        )  # a layer of the user's may not heed the seed
        if peers.rank:
            seed_everything(
                int(np.random.SeedSequence([self.spec.seed, peers.rank]).generate_state(1)[0])
            )
        return network

    def _parts(self) -> dict[str, checkpoint.Stateful]:
        """What a checkpoint holds beside the network."""
        parts: dict[str, checkpoint.Stateful | None] = {
            "optimizer": self.optimizer, "schedule": self.schedule, "balance": self.step,
        }  # fmt: skip
        return {name: part for name, part in parts.items() if part is not None}

    def _training_scores(self, seen: EpochOutputs) -> dict[str, float]:
        """What the report says of the training split."""
        losses, wants_metrics = self.step.mean_losses(seen), self.config.train_metrics
        outputs, labels = seen.collect(self.target_names, self.peers) if wants_metrics else ({}, {})

        def judge() -> dict[str, float]:
            named = (
                self.scores.named("train", losses, self.progress.epoch + 1) | seen.mean_penalty()
            )
            return named | self.scores.metrics("train", outputs, labels) if wants_metrics else named

        return self.peers.run_on_rank_zero(judge)

    def _samples_by_source(self) -> dict[str, float]:
        """Samples that the epoch drew from each source of the data set, if it has some."""
        return {
            f"train/draws/{source}": float(count)
            for source, count in self.train_loader.samples_by_source.items()
        }

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
        stopping = self.config.early_stopping
        patience_spent = (
            stopping is not None and self.progress.since_improvement >= stopping.patience
        )
        return self.progress.epoch >= self.config.epochs or patience_spent

    def _report(self, metrics: dict[str, float], done: bool) -> TrialReport:
        test: dict[str, float] = {}
        if done and self.spec.test:
            checkpoint.load_best(self.place, self.network, self.peers)
            test = self.evaluate("test")
        return TrialReport(
            epoch=self.progress.epoch,
            metrics=metrics,
            objective=self.progress.best,
            state="COMPLETE" if done else "PAUSED" if self._reached_pause() else "RUNNING",
            info=self.info(),
            test=test,
            seconds=self.progress.seconds,
        )

    def _loader(self, split: str, batch_size: int, *, shuffle: bool) -> Loader:
        return Loader(
            self.data,
            split,
            views=list(
                dict.fromkeys(view for views in self.network.views.values() for view in views)
            ),
            targets=list(dict.fromkeys(self.network.target_names.values())),
            batch_size=batch_size,
            device=self.device,
            shuffle=shuffle,
            pieces=self.spec.pieces,
            seed=self.spec.seed,
            resident=self.resident,
            part=(self.peers.rank, self.peers.size),
            count_labels=split == "train",
        )

    def _labels(self, task: str, split: str) -> Tensor:
        target = self.data.targets[self.spec.config.tasks[task].target or task]
        return torch.from_numpy(
            target.values[self.data.splits[split]]
        )  # indexing copies, so it is writable


_SHORT = {"validation": "val"}


def _groups(batches: Iterable[Batch], size: int) -> Iterator[list[Batch]]:
    """The batches of each step; the last step of an epoch may have fewer."""
    batches = iter(batches)
    while group := list(islice(batches, size)):
        yield group
