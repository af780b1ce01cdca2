"""The training loop of one trial, an epoch at a time.

T tasks, B samples of a batch, G batches of a step (`training.accumulate`), N samples of a split
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mtl_search.data import DataSet
from mtl_search.data.loader import Batch, DeviceData, Loader
from mtl_search.errors import TrialError
from mtl_search.models.heads.base import labelled_in
from mtl_search.models.network import build_network, parameter_count
from mtl_search.training import checkpoint
from mtl_search.training.metrics import compute, metric_names
from mtl_search.training.objective import ObjectiveFunction, key
from mtl_search.training.optimizers import build_optimizer, build_schedule, learning_rate, parameter_groups
from mtl_search.training.seen import Seen
from mtl_search.training.trial import Report, TrialSpec


class Trainer:
    """Trains the network of one trial and judges it after every epoch.

    Args:
        spec: The trial.
        data: The whole data set; only the views and targets of the trial's tasks are touched.
        device: Where to train.
        resident: The data set on the device, when it is small enough to live there; None streams it.
        objective: Takes the place of `spec.objective`, for a function of the user's.

    A trial whose folder holds a checkpoint goes on from there.
    """

    def __init__(
        self,
        spec: TrialSpec,
        data: DataSet,
        device: torch.device,
        resident: DeviceData | None = None,
        objective: ObjectiveFunction | None = None,
    ) -> None:
        self.spec, self.data, self.device, self.resident = spec, data, device, resident
        self.config = spec.config.training
        self.objective = objective or spec.objective
        self.directory = Path(spec.directory)
        seed_everything(spec.seed)

        self.network = build_network(spec.config, data)
        self.network.fit({task: self._labels(task, "train") for task in spec.config.tasks})
        self.network.to(device)
        self.heads = self.network.heads
        self.target_names = self.network.target_names
        self.metric_names = metric_names(spec.config, self.network)
        self.loss_coefficients = self._loss_coefficients()
        self.parameters = list(self.network.parameters())
        self.optimizer = build_optimizer(self.config.optimizer, parameter_groups(self.network, self.config))
        self.schedule = build_schedule(self.config.schedule, self.optimizer, self.config.epochs)
        self.train_loader = self._loader("train", self.config.batch_size, shuffle=True)

        self.progress = checkpoint.Progress()
        self._last_checkpoint = time.monotonic()
        if checkpoint.exists(self.directory):
            self.progress = checkpoint.load(self.directory, self.network, self.optimizer, self.schedule)

    # ---------------------------------------------------------------- the loop

    def train_epoch(self) -> dict[str, float]:
        """One pass over the training split; returns its losses and, when asked for, its metrics."""
        self.network.train()
        self.train_loader.set_epoch(self.progress.epoch)
        autocast, clip_norm = self._autocast(), self.config.clip_norm
        seen = Seen(keep_outputs=self.config.train_metrics)

        for batches in _groups(self.train_loader, self.config.accumulate):
            shares = self._shares(batches) if len(batches) > 1 else None  # (G, T)
            if (penalty := self.network.sharing.penalty()) is not None:
                penalty.backward()
                seen.penalties.append(penalty.detach())
            for number, batch in enumerate(batches):
                with autocast:
                    outputs = self.network(batch.inputs, batch.masks)
                    losses = self._losses(outputs, batch)  # (T,), of the labelled samples of the batch
                loss = losses.dot(self.loss_coefficients if shares is None else self.loss_coefficients * shares[number])
                loss.backward()
                seen.add(outputs, batch, losses)
            if clip_norm is not None:
                torch.nn.utils.clip_grad_norm_(self.parameters, clip_norm)
            self.optimizer.step()
            for parameter in self.parameters:  # what `zero_grad` does, without its 5 % of a small network's step
                parameter.grad = None

        metrics = self._named_losses("train", self._mean_losses(seen)) | seen.mean_penalty() | self._draws()
        return metrics | self._metrics("train", seen) if self.config.train_metrics else metrics

    @torch.inference_mode()
    def evaluate(self, split: str) -> dict[str, float]:
        """Losses and metrics over all labelled samples of a split; `split` is a key of the data set's splits."""
        self.network.eval()
        name, seen = _SHORT.get(split, split), Seen()
        autocast = self._autocast()
        for batch in self._loader(split, self.config.eval_batch_size, shuffle=False):
            with autocast:
                seen.add(self.network(batch.inputs, batch.masks), batch)
        losses = [head.loss(seen.outputs_of(t), seen.labels_of(self.target_names[t])) for t, head in self.heads.items()]
        return self._named_losses(name, torch.stack(losses)) | self._metrics(name, seen)

    def run_epoch(self) -> Report:
        """Train one epoch, validate, keep the best, and say how it went.

        Raises:
            TrialError: A loss or the objective is not a finite number.
        """
        began, progress = time.perf_counter(), self.progress
        if progress.epoch >= self.config.epochs:  # taken up again after its last epoch, before its end was recorded
            return self._report(progress.metrics, done=True)
        rate = learning_rate(self.optimizer)
        metrics = self.train_epoch() | self.evaluate("validation")
        if self.schedule is not None:
            self.schedule.step()
        objective = self._finite_objective(metrics)

        progress.epoch += 1
        if progress.best_epoch == 0 or objective > progress.best:
            checkpoint.save_best(self.directory, self.network, self.spec, self.data)
        progress.update(objective, self.config.early_stopping.min_delta if self.config.early_stopping else 0.0)
        seconds = time.perf_counter() - began
        progress.seconds += seconds
        progress.metrics = metrics | {"lr": rate, "seconds": seconds}
        done = self._is_done()
        if time.monotonic() - self._last_checkpoint >= self.config.checkpoint_every_s and not done:
            checkpoint.save(self.directory, self.network, self.optimizer, self.schedule, progress)
            self._last_checkpoint = time.monotonic()
        return self._report(progress.metrics, done)

    def info(self) -> dict[str, Any]:
        """What tables and MLflow say of the trial's network and settings."""
        config = self.spec.config
        return {
            "parameters": parameter_count(self.network),
            "depth": self.network.sharing.depth,
            "weights": {task: settings.loss_weight for task, settings in config.tasks.items()},
            "lr": config.training.optimizer.arguments.get("lr"),
            "tasks": list(config.tasks),
        }

    # ---------------------------------------------------------------- its parts

    def _losses(self, outputs: dict[str, Tensor], batch: Batch) -> Tensor:
        """Loss of each task (T,), each the mean over the labelled samples of the batch."""
        targets, names = batch.targets, self.target_names
        return torch.stack([head.loss(outputs[task], targets[names[task]]) for task, head in self.heads.items()])

    def _shares(self, batches: Sequence[Batch]) -> Tensor:
        """What part of a step's labels each of its batches has, (G, T): with it, G small batches are one big batch."""
        counts = torch.stack([self._label_counts(task, batches) for task in self.heads], dim=1)
        return counts / counts.sum(0).clamp(min=1)

    def _mean_losses(self, seen: Seen) -> Tensor:
        """Loss of each task (T,) over the labelled samples of all batches, each as it was when its batch came."""
        losses = torch.stack(seen.losses)
        broken = ~losses.isfinite()
        if broken.any():  # the first batch with such a loss: after its step all tasks have one
            return losses[broken.any(1)][0]
        return (losses * self._shares(seen.batches)).sum(0)

    def _label_counts(self, task: str, batches: Sequence[Batch]) -> Tensor:
        """Number of labels of the task in each batch (G,)."""
        if self.heads[task].complete:
            return torch.tensor([float(batch.size) for batch in batches], device=self.device)
        name = self.target_names[task]
        return torch.stack([labelled_in(batch.targets[name]).sum() for batch in batches]).float()

    def _loss_coefficients(self) -> Tensor:
        """Loss weight of each task (T,), over the loss of its best constant prediction unless `loss_scale: none`."""
        weights = [task.loss_weight for task in self.spec.config.tasks.values()]
        coefficients = torch.tensor(weights, device=self.device)
        if self.config.loss_scale == "none":
            return coefficients
        return coefficients / torch.stack([head.trivial_loss for head in self.heads.values()])

    def _metrics(self, name: str, seen: Seen) -> dict[str, float]:
        metrics = {}
        for task, head in self.heads.items():
            target_name = self.target_names[task]
            target = self.data.targets[target_name]
            with torch.no_grad():
                prediction = head.predict(seen.outputs_of(task))
            labels = seen.labels_of(target_name)
            for metric in self.metric_names[task]:
                value = compute(metric, prediction, labels, target.kind, target.size, names=target.classes)
                metrics[key(name, task, metric)] = value
        return metrics

    def _named_losses(self, name: str, losses: Tensor) -> dict[str, float]:
        """Losses by name, as the head gives them: unweighted and not scaled.

        Raises:
            TrialError: One is not finite.
        """
        values = losses.tolist()
        for task, value in zip(self.heads, values, strict=True):
            if not math.isfinite(value):
                raise TrialError(f"the {name} loss of task {task!r} is {value} in epoch {self.progress.epoch + 1}")
        return {f"{name}/{task}/loss": value for task, value in zip(self.heads, values, strict=True)}

    def _draws(self) -> dict[str, float]:
        """Samples that the epoch drew from each source of the data set, if it has some."""
        return {f"train/draws/{source}": float(count) for source, count in self.train_loader.draws.items()}

    def _finite_objective(self, metrics: dict[str, float]) -> float:
        value = float(self.objective(metrics))
        if not math.isfinite(value):
            raise TrialError(f"the objective is {value} in epoch {self.progress.epoch + 1}")
        return value

    def _is_done(self) -> bool:
        stopping = self.config.early_stopping
        patience_spent = stopping is not None and self.progress.since_improvement >= stopping.patience
        return self.progress.epoch >= self.config.epochs or patience_spent

    def _report(self, metrics: dict[str, float], done: bool) -> Report:
        test: dict[str, float] = {}
        if done and self.spec.test:
            checkpoint.load_best(self.directory, self.network)
            test = self.evaluate("test")
        return Report(
            epoch=self.progress.epoch,
            metrics=metrics,
            objective=self.progress.best,
            state="COMPLETE" if done else "RUNNING",
            info=self.info(),
            test=test,
            seconds=self.progress.seconds,
        )

    def _loader(self, split: str, batch_size: int, *, shuffle: bool) -> Loader:
        return Loader(
            self.data,
            split,
            views=list(dict.fromkeys(view for views in self.network.views.values() for view in views)),
            targets=list(dict.fromkeys(self.network.target_names.values())),
            batch_size=batch_size,
            device=self.device,
            shuffle=shuffle,
            seed=self.spec.seed,
            resident=self.resident,
        )

    def _labels(self, task: str, split: str) -> Tensor:
        target = self.data.targets[self.spec.config.tasks[task].target or task]
        return torch.from_numpy(target.values[self.data.splits[split]])  # indexing copies, so it is writable

    def _autocast(self) -> AbstractContextManager[object]:
        if self.config.precision == "fp32":
            return nullcontext()
        return torch.autocast(self.device.type, dtype=torch.bfloat16)


_SHORT = {"validation": "val"}


def seed_everything(seed: int) -> None:
    """Seed torch's generators, and those that a network or a data set of the user's may draw from."""
    torch.manual_seed(seed)
    random.seed(seed)
    np.random.seed(seed % 2**32)  # noqa: NPY002


def _groups(batches: Iterable[Batch], size: int) -> Iterator[list[Batch]]:
    """The batches of each step; the last step of an epoch may have fewer."""
    batches = iter(batches)
    while group := list(islice(batches, size)):
        yield group
