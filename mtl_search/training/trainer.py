"""The training loop of one trial, an epoch at a time.

    T tasks, B samples of a batch; all losses are means over the labelled samples of the batch
"""

from __future__ import annotations

import math
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mtl_search.data import DataSet
from mtl_search.data.loader import Batch, DeviceData, Loader
from mtl_search.errors import TrialError
from mtl_search.models.network import build_network, parameter_count
from mtl_search.training import checkpoint
from mtl_search.training.metrics import compute, metric_names
from mtl_search.training.objective import ObjectiveFunction, key
from mtl_search.training.optimizers import build_optimizer, build_schedule
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
        torch.manual_seed(spec.seed)

        self.network = build_network(spec.config, data)
        self.network.fit({task: self._labels(task, "train") for task in spec.config.tasks})
        self.network.to(device)
        self.heads = self.network.heads
        self.metric_names = metric_names(spec.config, self.network)
        self.loss_coefficients = self._loss_coefficients()
        self.optimizer = build_optimizer(self.config.optimizer, self.network.parameters())
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
        batches, group = len(self.train_loader), self.config.accumulate
        totals = torch.zeros(len(self.heads), device=self.device)
        seen: list[tuple[dict[str, Tensor], Batch]] = []

        for number, batch in enumerate(self.train_loader, start=1):
            with self._autocast():
                outputs = self.network(batch.inputs, batch.masks)
                losses = self._losses(outputs, batch)  # (T,)
                loss = losses @ self.loss_coefficients
            (loss / min(group, batches - (number - 1) // group * group)).backward()
            if number % group == 0 or number == batches:
                if self.config.clip_norm is not None:
                    torch.nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip_norm)
                self.optimizer.step()
                self.optimizer.zero_grad()
            totals += losses.detach()
            if self.config.train_metrics:
                seen.append(({task: output.detach() for task, output in outputs.items()}, batch))

        metrics = self._named_losses("train", totals / batches)
        return metrics | self._metrics("train", seen) if seen else metrics

    @torch.inference_mode()
    def evaluate(self, split: str) -> dict[str, float]:
        """Losses and metrics over all labelled samples of a split; `split` is a key of the data set's splits."""
        self.network.eval()
        name = _SHORT.get(split, split)
        seen = []
        for batch in self._loader(split, self.config.eval_batch_size, shuffle=False):
            with self._autocast():
                seen.append((self.network(batch.inputs, batch.masks), batch))
        losses = [
            self.heads[task].loss(*_joined(seen, task, self.network.target_names[task])) for task in self.heads
        ]
        return self._named_losses(name, torch.stack(losses)) | self._metrics(name, seen)

    def run_epoch(self) -> Report:
        """Train one epoch, validate, keep the best, and say how it went.

        Raises:
            TrialError: A loss or the objective is not a finite number.
        """
        began, progress = time.perf_counter(), self.progress
        if progress.epoch >= self.config.epochs:  # taken up again after its last epoch, before its end was recorded
            return self._report(progress.metrics, done=True)
        rate = self.optimizer.param_groups[0]["lr"]
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
        targets = self.network.target_names
        return torch.stack([head.loss(outputs[task], batch.targets[targets[task]]) for task, head in self.heads.items()])

    def _loss_coefficients(self) -> Tensor:
        """Loss weight of each task (T,), over the loss of its best constant prediction unless `loss_scale: none`."""
        weights = [task.loss_weight for task in self.spec.config.tasks.values()]
        coefficients = torch.tensor(weights, device=self.device)
        if self.config.loss_scale == "none":
            return coefficients
        return coefficients / torch.stack([head.trivial_loss for head in self.heads.values()])

    def _metrics(self, name: str, seen: list[tuple[dict[str, Tensor], Batch]]) -> dict[str, float]:
        metrics = {}
        for task, head in self.heads.items():
            target_name = self.network.target_names[task]
            output, labels = _joined(seen, task, target_name)
            prediction, target = head.predict(output), self.data.targets[target_name]
            for metric in self.metric_names[task]:
                metrics[key(name, task, metric)] = compute(metric, prediction, labels, target.kind, target.size)
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
        enabled = self.config.precision == "bf16"
        return torch.autocast(self.device.type, dtype=torch.bfloat16, enabled=enabled)


_SHORT = {"validation": "val"}


def _joined(seen: list[tuple[dict[str, Tensor], Batch]], task: str, target: str) -> tuple[Tensor, Tensor]:
    """Outputs and labels of all batches in one tensor each."""
    outputs = torch.cat([outputs[task].float() for outputs, _ in seen])
    return outputs, torch.cat([batch.targets[target] for _, batch in seen])
