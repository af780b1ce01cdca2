"""Soft sharing: each task has a column of its own, and the distance between columns is penalised.

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
    """Separate networks and a penalty: Σ_i λ_i · mean over pairs of columns of ‖θ_ik − θ_il‖².

    It is computed as 2/(K−1) · Σ_k ‖θ_ik − θ̄_i‖², which is equal. Only parameters that learn
    count: running statistics of batch normalisation and frozen stages are left out. Strength 0 is
    exactly hard sharing at depth 0; as the strength grows, the columns become one network.

    Source: Duong et al. 2015, "Low resource dependency parsing: cross-lingual parameter sharing in
    a neural network parser". It differs in that all columns learn together, and in that embeddings
    are tied, too, if a stage holds them.

    Args:
        build: Returns a fresh list of stages; called once for each task.
        views: Maps each task to the views that its head reads.
        strength: λ of all tied stages, or a list with one for each; 0 leaves a stage untied.
        depth: Number of leading stages that are tied; all by default.

    Raises:
        ConfigError: The depth is outside 0 .. n, a strength is negative, or the list has another
            length than there are tied stages.
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
        self.stages = self.columns.stages
        self.width = self.columns.width
        self.kind = self.columns.kind
        tied = self.stages if depth is None else depth
        tied = check_int(tied, f"{PATH}.depth", low=0, high=self.stages)
        self.strengths = _strengths(strength, tied)
        first = self.columns.branch(next(iter(self.views)))
        # Found once: under `torch.vmap` a parameter does not say whether it requires a gradient.
        self._learned = [_learned_names(stage) for stage in first]

    def forward(
        self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None
    ) -> Features:
        """Return the features of each task's column, one tensor for each view that it reads."""
        return self.columns(inputs, masks)

    def extract(self, tasks: Sequence[str]) -> SharingPolicy:
        """Return the columns of some tasks, which nothing ties any longer.

        Args:
            tasks: The tasks.
        """
        return self.columns.extract(tasks) if type(self) is SoftSharing else self

    def penalty(self) -> Tensor | None:
        """Return the weighted distance (); None for a single task or if no stage has a strength."""
        if len(self.views) == 1:
            return None
        columns = [self.columns.branch(task) for task in self.views]
        penalties = [
            strength * mean_distance([column[i] for column in columns], self._learned[i])
            for i, strength in enumerate(self.strengths)
            if strength and self._learned[i]
        ]
        return torch.stack(penalties).sum() if penalties else None

    def blocks(self) -> list[DiagramBlock]:
        """List the stages of each task's column."""
        blocks = self.columns.blocks()
        if len(self.views) == 1:
            return blocks
        untied = [0.0] * (self.stages - len(self.strengths))
        # The columns follow each other, each with its stages in order.
        strengths = [*self.strengths, *untied] * len(self.views)
        return [
            block._replace(tied_strength=strength if _learns(block.module) else 0.0)
            for block, strength in zip(blocks, strengths, strict=True)
        ]

    def shared_parameters(self) -> list[nn.Parameter]:
        """Return no parameters: the features of a task depend on its own column only."""
        return []

    def task_parameters(self, task: str) -> list[nn.Parameter]:
        """Return the parameters of the task's column."""
        return self.columns.task_parameters(task)


def mean_distance(columns: Sequence[nn.Module], learned: Sequence[str]) -> Tensor:
    """Return the mean () of ‖θ_k − θ_l‖² over pairs of modules with equal shapes.

    It is twice the sum of the unbiased variances of the parameters.

    Args:
        columns: The modules.
        learned: The names of the parameters that learn.
    """
    thetas = []
    for column in columns:
        parameters = dict(column.named_parameters())
        thetas.append(torch.cat([parameters[name].flatten() for name in learned]))
    theta_KP = torch.stack(thetas)
    return 2 * theta_KP.var(0).sum()


def _learned_names(module: nn.Module) -> list[str]:
    return [name for name, p in module.named_parameters() if p.requires_grad]


def _learns(module: nn.Module | None) -> bool:
    return module is not None and any(p.requires_grad for p in module.parameters())


def _strengths(strength: object, tied: int) -> tuple[float, ...]:
    path = f"{PATH}.strength"
    if isinstance(strength, str) or not isinstance(strength, Sequence):
        return (check_number(strength, path),) * tied
    if len(strength) != tied:
        raise ConfigError(
            "needs one number for each tied stage",
            path=path,
            value=list(strength),
            allowed=[f"{tied} numbers"],
        )
    return tuple(check_number(item, path) for item in strength)
