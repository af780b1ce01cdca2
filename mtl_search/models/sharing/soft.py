"""Soft sharing: one column a task, and a price on the distance between them.

K columns (tasks), n stages, θ_ik the parameters of stage i in column k
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor, nn

from mtl_search.config.checks import check_int, check_number
from mtl_search.errors import ConfigError
from mtl_search.models.sharing.base import DiagramBlock, Features, SharingPolicy, Views
from mtl_search.models.sharing.hard import HardSharing
from mtl_search.models.stage import StagesBuilder

PATH = "model.sharing"


class SoftSharing(SharingPolicy):
    """Separate networks whose squared L2 distance is added to the loss: Σ_i λ_i · mean over pairs ‖θ_ik − θ_il‖².

    Computed as 2/(K−1) · Σ_k ‖θ_ik − θ̄_i‖², which is the same. Learned parameters only: running statistics of batch
    normalisation, and frozen stages, stay out of it. Strength 0 is hard sharing at depth 0, to the last bit; as it
    grows, the columns become one network.

    Source: Duong et al. 2015, "Low resource dependency parsing: cross-lingual parameter sharing in a neural network
    parser". Differs in that all columns learn together and that embeddings are kept alike, too, if they are in a stage.

    Args:
        build: Makes a fresh list of stages; called once a task.
        views: Task → the views that its head reads.
        strength: λ for all stages, or a list of one a stage that is kept alike; 0 leaves a stage alone.
        depth: How many leading stages are kept alike; default: all.

    Raises:
        ConfigError: A depth outside 0 .. n, a negative strength, or a list of another length than there are stages.
    """

    def __init__(
        self,
        build: StagesBuilder,
        views: Views,
        *,
        strength: float | Sequence[float],
        depth: int | None = None,
    ) -> None:
        super().__init__(views)
        self.columns = HardSharing(build, views, depth=0)
        self.stages, self.width, self.kind = (
            self.columns.stages,
            self.columns.width,
            self.columns.kind,
        )
        alike = check_int(
            self.stages if depth is None else depth, f"{PATH}.depth", low=0, high=self.stages
        )
        self.strengths = _strengths(strength, alike)

    def forward(
        self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None
    ) -> Features:
        """Task → features of its own column, one tensor a view that it reads."""
        return self.columns(inputs, masks)

    def penalty(self) -> Tensor | None:
        """() the weighted distance; None with a single task, or when no stage has a strength."""
        if len(self.views) == 1:
            return None
        columns = [self.columns.branch(task) for task in self.views]
        prices = [
            strength * mean_distance([column[i] for column in columns])
            for i, strength in enumerate(self.strengths)
            if strength and _learns(columns[0][i])
        ]
        return torch.stack(prices).sum() if prices else None

    def blocks(self) -> list[DiagramBlock]:
        """Each task's column."""
        blocks = self.columns.blocks()
        if len(self.views) == 1:
            return blocks
        # The columns follow each other, each with its stages in order.
        strengths = [*self.strengths, *[0.0] * (self.stages - len(self.strengths))] * len(
            self.views
        )
        pairs = zip(blocks, strengths, strict=True)
        return [
            block._replace(tied_strength=strength if _learns(block.module) else 0.0)
            for block, strength in pairs
        ]

    def shared_parameters(self) -> list[nn.Parameter]:
        """None: features of a task depend on its own column only."""
        return []

    def task_parameters(self, task: str) -> list[nn.Parameter]:
        """Parameters of the task's column."""
        return self.columns.task_parameters(task)


def mean_distance(columns: Sequence[nn.Module]) -> Tensor:
    """() mean over pairs of modules of one kind of ‖θ_k − θ_l‖²: twice the sum of the unbiased variances."""
    theta_KP = torch.stack(
        [torch.cat([p.flatten() for p in m.parameters() if p.requires_grad]) for m in columns]
    )
    return 2 * theta_KP.var(0).sum()


def _learns(module: nn.Module | None) -> bool:
    return module is not None and any(p.requires_grad for p in module.parameters())


def _strengths(strength: object, alike: int) -> tuple[float, ...]:
    path = f"{PATH}.strength"
    if isinstance(strength, str) or not isinstance(strength, Sequence):
        return (check_number(strength, path),) * alike
    if len(strength) != alike:
        raise ConfigError(
            "needs one number a stage that is kept alike",
            path=path,
            value=list(strength),
            allowed=[f"{alike} numbers"],
        )
    return tuple(check_number(item, path) for item in strength)
