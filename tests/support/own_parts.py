"""Right and wrong parts of each family, as a user would write them."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import optuna
import torch
from optuna.samplers import RandomSampler
from ray.tune.schedulers import FIFOScheduler, TrialScheduler
from torch import Tensor, nn
from torch.optim import SGD, Optimizer
from torch.optim.lr_scheduler import LambdaLR, LRScheduler

import mtl_search
from mtl_search import Augmentation, DataSet, Sampling, Stage
from mtl_search.data import Field, Preparation, Prepared
from mtl_search.models.heads.base import PooledHead
from mtl_search.models.sharing import DiagramBlock, SharingPolicy
from mtl_search.models.stage import run_stages
from mtl_search.training.balancing import Aggregator, Weighting
from tests.support import small_sweeps as small

# ---------------------------------------------------------------- losses and heads


def right_loss(output: Tensor, target: Tensor) -> Tensor:
    """The loss of each label."""
    return (output - target).abs()


def wrong_loss(output: Tensor, target: Tensor) -> Tensor:
    """A loss that reduces."""
    return (output - target).abs().mean()


class RightHead(PooledHead):
    """A real number."""

    target_kinds = ("real",)
    losses = ("mse",)
    metrics = ("r2", "mae")

    def forward(self, *features: Tensor, masks: Any = ()) -> Tensor:
        return super().forward(*features, masks=masks).squeeze(1)

    def predict(self, output: Tensor) -> Tensor:
        return output.float()

    def fit(self, target: Tensor) -> None:
        labels = self.labels_of(target)
        self.set_trivial(self.elementwise(labels.mean().expand_as(labels), labels, "mean"))


class WrongHead(RightHead):
    """A head whose predictions have an axis too many."""

    def predict(self, output: Tensor) -> Tensor:
        return output.float().unsqueeze(1)


# ---------------------------------------------------------------- networks


def right_backbone(input_shape: tuple[int, ...], *, width: int = 5) -> nn.Module:
    """A plain module, which is cut into two stages."""
    (inputs,) = input_shape
    return nn.Sequential(nn.Linear(inputs, width), nn.ReLU(), nn.Linear(width, 3))


def wrong_backbone(input_shape: tuple[int, ...]) -> list[Stage]:
    """A stage that publishes another width than it has."""
    return [Stage(nn.Linear(input_shape[0], 7), 8, "dense")]


class RightPolicy(SharingPolicy):
    """A trunk for all tasks, and a gate for each."""

    def __init__(self, build: Any, views: Any) -> None:
        super().__init__(views)
        self.trunk = nn.ModuleList(build())
        self.stages = len(self.trunk)
        last = self.trunk[-1]
        assert isinstance(last, Stage)
        self.width, self.kind = last.width, last.kind
        self.gates = nn.ParameterList(torch.ones(self.width) for _ in views)

    def forward(
        self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None
    ) -> dict[str, tuple[Tensor, ...]]:
        masks = masks or {}
        features = {}
        for gate, (task, names) in zip(self.gates, self.views.items(), strict=True):
            shared = [run_stages(self.trunk, inputs[view], masks.get(view)) for view in names]
            features[task] = tuple(gate * x for x in shared)
        return features

    def blocks(self) -> list[DiagramBlock]:
        tasks = tuple(self.views)
        return [DiagramBlock("trunk", tasks, ("x",), stage) for stage in self.trunk]

    def shared_parameters(self) -> list[nn.Parameter]:
        return list(self.trunk.parameters())

    def task_parameters(self, task: str) -> list[nn.Parameter]:
        return [self.gates[list(self.views).index(task)]]


class WrongPolicy(RightPolicy):
    """A policy that forgets the last task."""

    def forward(
        self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None
    ) -> dict[str, tuple[Tensor, ...]]:
        features = super().forward(inputs, masks)
        features.popitem()
        return features


class RightAugmentation(Augmentation):
    """Noise on the rows of a table."""

    axes = 2

    def forward(self, x: Tensor) -> Tensor:
        return x + 0.1 * torch.randn_like(x)


class WrongAugmentation(RightAugmentation):
    """An augmentation that drops a column."""

    def forward(self, x: Tensor) -> Tensor:
        return x[:, 1:]


# ---------------------------------------------------------------- training


class RightOptimizer(SGD):
    """Plain gradient descent."""

    def __init__(self, params: Any, lr: float = 0.1) -> None:
        super().__init__(params, lr=lr)


class WrongOptimizer(Optimizer):
    """An optimizer that never steps."""

    def __init__(self, params: Any, lr: float = 0.1) -> None:
        super().__init__(params, {"lr": lr})

    def step(self, closure: Any = None) -> None:  # type: ignore[override]
        """Do nothing."""


def right_schedule(optimizer: Optimizer, epochs: int) -> LRScheduler:
    """A line to a tenth."""
    return LambdaLR(optimizer, lambda epoch: 1 - 0.9 * epoch / epochs)


def wrong_schedule(optimizer: Optimizer, epochs: int) -> LRScheduler:
    """A rate that ends below 0."""
    return LambdaLR(optimizer, lambda epoch: 1 - 2 * epoch / epochs)


class RightWeighting(Weighting):
    """The inverse of each loss."""

    def __init__(self, tasks: int) -> None:
        self.tasks = tasks

    def weigh(self, losses: Tensor, jacobian: Tensor | None) -> Tensor:
        return 1 / losses

    def state_dict(self) -> dict[str, Any]:
        return {}

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """There is none."""


class WrongWeighting(RightWeighting):
    """A mean in place of a weight for each task."""

    def weigh(self, losses: Tensor, jacobian: Tensor | None) -> Tensor:
        return 1 / losses.mean()


class RightAggregator(Aggregator):
    """The plain sum."""

    def __init__(self, tasks: int) -> None:
        super().__init__(nn.Identity())  # type: ignore[arg-type]  # its state is empty

    def aggregate(
        self, jacobian: Tensor, halves: tuple[Tensor, Tensor] | None = None
    ) -> tuple[Tensor, Tensor | None]:
        return jacobian.sum(0), torch.ones(len(jacobian))


class WrongAggregator(RightAggregator):
    """The gradient alone, without weights."""

    def aggregate(  # type: ignore[override]
        self, jacobian: Tensor, halves: tuple[Tensor, Tensor] | None = None
    ) -> Tensor:
        return jacobian.sum(0)


# ---------------------------------------------------------------- the search


def right_sampler(seed: int) -> RandomSampler:
    """Optuna's own, by the seed."""
    return RandomSampler(seed=seed)


class WrongSampler(RandomSampler):
    """A sampler that leaves the range of what it draws."""

    def sample_independent(
        self, study: Any, trial: Any, param_name: str, param_distribution: Any
    ) -> Any:
        if isinstance(param_distribution, optuna.distributions.FloatDistribution):
            return 2 * param_distribution.high
        return super().sample_independent(study, trial, param_name, param_distribution)


def unseeded_sampler(seed: int) -> RandomSampler:
    """A sampler that ignores its seed."""
    return RandomSampler(seed=random.SystemRandom().randrange(2**31))


def right_scheduler(epochs: int) -> TrialScheduler:
    """One that never stops a trial."""
    return FIFOScheduler()


class WrongScheduler(FIFOScheduler):
    """A scheduler that answers by a truth value."""

    def __init__(self, epochs: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]

    def on_trial_result(self, tune_controller: Any, trial: Any, result: Any) -> Any:
        return True


def right_objective(metrics: Mapping[str, float]) -> float:
    """The task that is behind."""
    return min(metrics["val/kind/accuracy"], metrics["val/size/r2"])


def wrong_objective(metrics: Mapping[str, float]) -> float:
    """A metric that no task has."""
    return metrics["val/kind/f1"]


# ---------------------------------------------------------------- data


class RightPreparation(Preparation):
    """Numbers as they are."""

    def transform(self, raw: Any) -> Prepared:
        x = np.asarray(raw, np.float32)
        return Prepared({"x": x, "y": x})

    def to_json(self) -> dict[str, Any]:
        return {}

    @classmethod
    def from_json(cls, tree: Mapping[str, Any]) -> RightPreparation:
        return cls()

    def describe(self) -> tuple[Field, ...]:
        return (Field("x", "number", "float32", (6,)),)

    def example(self) -> Any:
        return [[0.5] * 6]


class WrongPreparation(RightPreparation):
    """A preparation that makes five columns of six."""

    def transform(self, raw: Any) -> Prepared:
        x = np.asarray(raw, np.float32)[:, :5]
        return Prepared({"x": x, "y": x})


def right_data() -> DataSet:
    """The small data set."""
    return small.DATA


def wrong_data() -> DataSet:
    """Labels outside of their classes."""
    target = mtl_search.Target(np.full(small.SAMPLES, 7), "class", ("a", "b"))
    return dataclasses.replace(small.DATA, targets={"kind": target})


def with_right_preparation() -> DataSet:
    """The small data set, with a preparation."""
    return dataclasses.replace(small.DATA, preparation=RightPreparation())


def with_wrong_preparation() -> DataSet:
    """The small data set, with a preparation that does not fit it."""
    return dataclasses.replace(small.DATA, preparation=WrongPreparation())


class RightSampling(Sampling):
    """The larger source gets more."""

    def shares(self, sizes: Any) -> Any:
        return sizes / sizes.sum()


class WrongSampling(Sampling):
    """One number for all sources."""

    def shares(self, sizes: Any) -> Any:
        return np.ones(1)
