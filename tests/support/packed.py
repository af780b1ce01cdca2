"""Trials of one shape, trained one after another and as one batched program."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mtl_search.config import Config, override
from mtl_search.data.dataset import DataSet
from mtl_search.models.stage import Stage
from mtl_search.training.packs.runner import PackRunner
from mtl_search.training.runner import TrialRunner
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_report import TrialReport
from tests.support.trials import OBJECTIVE, config, data, spec

Reports = dict[str, list[TrialReport]]
SAMPLES = data(train=96)
ADAMW = {"name": "adamw", "lr": 0.01, "weight_decay": 0.01}


def settings(backbone: str = "mlp", /, **changes: Any) -> Config:
    """Three tasks on a small network, a few epochs."""
    base = config(backbone, epochs=4, batch_size=16, optimizer=ADAMW)
    return override(base, changes)


def specs(
    base: Config, folder: Path, rates: Sequence[float] = (0.003, 0.01, 0.03)
) -> list[TrialSpec]:
    """Trials that differ in learning rate, loss weight and seed."""
    made = []
    for number, rate in enumerate(rates):
        own = override(
            base, {"training.optimizer.lr": rate, "tasks.kind.loss_weight": 0.5 + number}
        )
        trial = spec(own, folder / str(number), seed=10 + number)
        made.append(dataclasses.replace(trial, id=f"t-{number:04d}"))
    return made


def packed(
    trials: Sequence[TrialSpec],
    samples: DataSet = SAMPLES,
    stops: dict[int, list[str]] | None = None,
) -> Reports:
    """Train as a pack; `stops` has the members that are stopped before an epoch, from 0."""
    runner = PackRunner(TrialRunner(samples, OBJECTIVE), trials)
    reports: Reports = {}
    epoch = 0
    while not runner.done:
        for name, report in runner.run_epoch((stops or {}).get(epoch, ())).items():
            reports.setdefault(name, []).append(report)
        epoch += 1
    return reports


def alone(trials: Sequence[TrialSpec], samples: DataSet = SAMPLES) -> Reports:
    """Train one after another."""
    runner = TrialRunner(samples, OBJECTIVE)
    return {trial.id: list(_one(runner, trial)) for trial in trials}


def _one(runner: TrialRunner, trial: TrialSpec) -> list[TrialReport]:
    runner.setup(trial)
    reports: list[TrialReport] = []
    while not reports or reports[-1].state == "RUNNING":
        reports.append(_epoch(runner, len(reports) + 1))
    return reports


def _epoch(runner: TrialRunner, number: int) -> TrialReport:
    try:
        return runner.train_until(number)
    except Exception as error:  # noqa: BLE001  as a slot does
        return runner.failure(error)


def networks_together(trials: Sequence[TrialSpec], samples: DataSet) -> list[nn.Module]:
    """The networks at the end of their training as a pack, which is not taken apart."""
    runner = PackRunner(TrialRunner(samples, OBJECTIVE), trials)
    told = runner.run_epoch()
    assert all(report.info["pack"] == len(trials) for report in told.values()), told
    networks: list[nn.Module] = [m.trainer.network for m in runner._members.values()]
    while not runner.done:
        runner.run_epoch()
    return networks


def networks_alone(trials: Sequence[TrialSpec], samples: DataSet) -> list[nn.Module]:
    """The networks at the end of their training one after another."""
    networks: list[nn.Module] = []
    for trial in trials:
        trainer = TrialRunner(samples, OBJECTIVE).build(trial)
        while trainer.run_epoch().state == "RUNNING":
            pass
        networks.append(trainer.network)
    return networks


def largest_gap(one: Sequence[nn.Module], other: Sequence[nn.Module]) -> float:
    """The largest difference between parameters and buffers of pairs of networks."""
    gaps = []
    for mine, theirs in zip(one, other, strict=True):
        pairs = zip(mine.state_dict().values(), theirs.state_dict().values(), strict=True)
        gaps += [float((a - b).abs().max()) for a, b in pairs]
    return max(gaps)


# Losses of the user's, which do not compute in single precision as those of the registry do.
def double_cross_entropy(output: Tensor, target: Tensor) -> Tensor:
    """Of each sample."""
    return F.cross_entropy(output, target, reduction="none")


def double_binary(output: Tensor, target: Tensor) -> Tensor:
    """Of each sample."""
    return F.binary_cross_entropy_with_logits(output, target.to(output.dtype), reduction="none")


def double_square(output: Tensor, target: Tensor) -> Tensor:
    """Of each sample."""
    return (output - target).square()


DOUBLE_LOSSES = {
    "tasks.kind.loss": f"{__name__}:double_cross_entropy",
    "tasks.flag.loss": f"{__name__}:double_binary",
    "tasks.size.loss": f"{__name__}:double_square",
}


def largest_difference(one: Reports, other: Reports) -> float:
    """The largest difference of a loss between reports of the same trials and epochs."""
    assert one.keys() == other.keys()
    differences = [0.0]
    for name in one:
        assert [r.state for r in one[name]] == [r.state for r in other[name]], name
        for mine, theirs in zip(one[name], other[name], strict=True):
            assert mine.metrics.keys() == theirs.metrics.keys()
            differences += [
                abs(value - theirs.metrics[key])
                for key, value in mine.metrics.items()
                if key.endswith("/loss")
            ]
    return max(differences)


class _Chooses(nn.Module):
    """Its way depends on the data, for which there is no batching rule."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, 8)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.dense(x)
        return y.relu() if y.sum() > 0 else y.tanh()


def control_flow(input_shape: tuple[int, ...]) -> list[Stage]:
    """A backbone that `torch.vmap` refuses."""
    return [Stage(_Chooses(input_shape[0]), 8, "chooses")]


class _Greedy(nn.Module):
    """Has room for one member at a time."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, 8)

    def forward(self, x: Tensor) -> Tensor:
        if torch._C._functorch.is_batchedtensor(self.dense.weight):
            torch.empty(1 << 60)
        y: Tensor = self.dense(x)
        return y.relu()


def greedy(input_shape: tuple[int, ...]) -> list[Stage]:
    """A backbone that runs out of memory in a pack."""
    return [Stage(_Greedy(input_shape[0]), 8, "greedy")]


class _ReplacesBuffer(nn.Module):
    """Keeps a running mean in a new tensor each time."""

    mean: Tensor

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, 8)
        self.register_buffer("mean", torch.zeros(8))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.dense(x)
        if self.training:
            self.mean = 0.9 * self.mean + 0.1 * y.detach().mean(0)
        return (y - self.mean).relu()


def replaces_buffer(input_shape: tuple[int, ...]) -> list[Stage]:
    """A backbone whose buffer is another tensor after each step."""
    return [Stage(_ReplacesBuffer(input_shape[0]), 8, "running mean")]


class _DrawsByPython(nn.Module):
    """Is left out in some steps."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, 8)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.dense(x)
        return y * 0.1 if self.training and random.random() < 0.5 else y


def draws_by_python(input_shape: tuple[int, ...]) -> list[Stage]:
    """A backbone that draws from Python's generator."""
    return [Stage(_DrawsByPython(input_shape[0]), 8, "left out")]
