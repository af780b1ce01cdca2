"""Optimizers of a pack: torch's fused kernels, one call a member with the member's own settings.

Each call takes a whole row of the matrix of parameters, not tensor by tensor. The moments of each
member's own optimizer are views of its row, so that checkpoints are those of a trial that trains
alone.

B members, P numbers in the parameters of one of them
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer

from mtl_search.training.packs.flat_parameters import FlatParameters


@dataclass(frozen=True)
class Run:
    """Columns of the matrix that follow each other and belong to one group of parameters."""

    group: int
    first: int
    end: int


@dataclass(frozen=True)
class Rows:
    """The part of a member's row that belongs to one group of parameters.

    Attributes:
        group: The group in the member's own optimizer, with its settings.
        runs: Its columns.
        parameters: The parameters, a tensor for each of `runs`.
        moments: Name → the same of a moment.
        steps: How many steps the member has taken, () for each of `runs`.
    """

    group: dict[str, Any]
    runs: list[Run]
    parameters: list[Tensor]
    moments: dict[str, list[Tensor]]
    steps: list[Tensor]


class FlatOptimizer(ABC):
    """Update the parameters of all members by the settings of their own optimizers.

    Args:
        optimizers: The members' own optimizers, which are never stepped. Their state may be that of
            a checkpoint.
        parameters: The members' parameters.

    Attributes:
        moments: The names of the state that has the shape of the parameters.
        counts_steps: Whether the optimizer's own state has the number of steps.
        steps: (B,) the number of steps of each member.
        state: Name → a moment of all members (B, P).
    """

    moments: ClassVar[tuple[str, ...]] = ()
    counts_steps: ClassVar[bool] = True

    def __init__(self, optimizers: Sequence[Optimizer], parameters: FlatParameters) -> None:
        self._parameters = parameters
        self._optimizers = list(optimizers)
        self._runs = self._runs_of_groups()
        device = parameters.matrix.device
        self.steps = torch.tensor([_steps_of(optimizer) for optimizer in optimizers], device=device)
        self.state = {name: torch.zeros_like(parameters.matrix) for name in self.moments}
        self._load()
        self._hooks = [
            optimizer.register_state_dict_pre_hook(self._publish) for optimizer in optimizers
        ]
        for optimizer in self._optimizers:
            # Schedules warn of an optimizer that was never stepped; the pack steps in its place.
            setattr(optimizer, "_opt_called", True)  # noqa: B010
        self._attach()

    @abstractmethod
    def update(self, rows: Rows, gradients: list[Tensor]) -> None:
        """Change the parameters of a member's group by their gradients.

        Args:
            rows: The parameters.
            gradients: A tensor for each of them, which may be overwritten.
        """

    @torch.no_grad()
    def step(self, gradient: Tensor) -> None:
        """Take a step along the gradients (B, P), which may be overwritten."""
        self.steps.add_(1)
        for own, row in zip(self._rows, gradient.unbind(0), strict=True):
            for rows in own:
                if len(self._runs) == 1:
                    self.update(rows, [row])
                else:
                    self.update(rows, [row[run.first : run.end] for run in rows.runs])

    def publish(self, member: int) -> None:
        """Tell a member's own optimizer how many steps it is at."""
        if not self.counts_steps:
            return
        optimizer = self._optimizers[member]
        for parameter in self._parameters.trained_of(member):
            optimizer.state[parameter]["step"] = self.steps[member].clone()

    def snapshot(self) -> list[Tensor]:
        """Return copies of the state."""
        return [x.clone() for x in (self.steps, *self.state.values())]

    def restore(self, snapshot: Sequence[Tensor]) -> None:
        """Go back to a snapshot."""
        for x, before in zip((self.steps, *self.state.values()), snapshot, strict=True):
            x.copy_(before)

    def leave(self, staying: Sequence[int]) -> None:
        """Give the members that leave a state of their own; the parameters are told afterwards.

        Args:
            staying: The rows of the members that stay.
        """
        for member, optimizer in enumerate(self._optimizers):
            if member not in staying:
                self._hooks[member].remove()
                self.publish(member)
                for state in optimizer.state.values():
                    state.update({name: state[name].clone() for name in self.moments})

    def keep(self, members: Sequence[int]) -> None:
        """Go on with some members, after `leave` and after the parameters have let the others go.

        Args:
            members: Their rows.
        """
        rows = torch.tensor(list(members), dtype=torch.long, device=self.steps.device)
        self.steps = self.steps[rows]
        self.state = {name: x[rows] for name, x in self.state.items()}
        self._optimizers = [self._optimizers[member] for member in members]
        self._hooks = [self._hooks[member] for member in members]
        self._attach()

    def _publish(self, optimizer: Optimizer) -> None:
        """Publish before a member's checkpoint is written."""
        self.publish(next(n for n, own in enumerate(self._optimizers) if own is optimizer))

    def _runs_of_groups(self) -> list[Run]:
        groups = self._optimizers[0].param_groups
        group_of = {p: number for number, group in enumerate(groups) for p in group["params"]}
        runs: list[Run] = []
        end = 0
        sizes = self._parameters.sizes
        for parameter, size in zip(self._parameters.trained_of(0), sizes, strict=True):
            first, end, group = end, end + size, group_of[parameter]
            if runs and runs[-1].group == group:
                first = runs.pop().first
            runs.append(Run(group, first, end))
        return runs

    def _load(self) -> None:
        """Take over the moments that the members' optimizers have from a checkpoint."""
        for member, optimizer in enumerate(self._optimizers):
            own = self._parameters.trained_of(member)
            for name, matrix in self.state.items():
                rows = self._parameters.rows_of(matrix, member)
                for parameter, row in zip(own, rows, strict=True):
                    before = optimizer.state.get(parameter, {}).get(name)
                    if before is not None:
                        row.copy_(before)

    def _attach(self) -> None:
        """Make the members' moments views of the rows."""
        self._rows = [self._rows_of(member) for member in range(len(self._optimizers))]
        for member, optimizer in enumerate(self._optimizers):
            own = self._parameters.trained_of(member)
            for name, matrix in self.state.items():
                rows = self._parameters.rows_of(matrix, member)
                for parameter, row in zip(own, rows, strict=True):
                    optimizer.state[parameter][name] = row

    def _rows_of(self, member: int) -> list[Rows]:
        found = []
        matrix, steps = self._parameters.matrix.detach(), self.steps[member]
        for number, group in enumerate(self._optimizers[member].param_groups):
            runs = [run for run in self._runs if run.group == number]
            if runs:
                parts = [matrix[member, run.first : run.end] for run in runs]
                moments = {
                    name: [x[member, run.first : run.end] for run in runs]
                    for name, x in self.state.items()
                }
                found.append(Rows(group, runs, parts, moments, [steps] * len(runs)))
        return found


class FlatSGD(FlatOptimizer):
    """Stochastic gradient descent with momentum, as `torch.optim.SGD` without dampening."""

    moments = ("momentum_buffer",)
    counts_steps = False

    def update(self, rows: Rows, gradients: list[Tensor]) -> None:
        """Move along the momentum, or along the gradient where there is none."""
        group = rows.group
        torch._fused_sgd_(
            rows.parameters,
            gradients,
            rows.moments["momentum_buffer"] if group["momentum"] else [],
            weight_decay=group["weight_decay"],
            momentum=group["momentum"],
            lr=group["lr"],
            dampening=0.0,
            nesterov=group["nesterov"],
            maximize=False,
            is_first_step=False,  # a momentum of zeros is that of no step
        )


class FlatAdam(FlatOptimizer):
    """Adam, and AdamW with its decay apart from the gradient, as `torch.optim.Adam`."""

    moments = ("exp_avg", "exp_avg_sq")

    def update(self, rows: Rows, gradients: list[Tensor]) -> None:
        """Kingma & Ba 2015, algorithm 1; Loshchilov & Hutter 2019, algorithm 2."""
        group = rows.group
        is_decoupled = group["decoupled_weight_decay"]
        kernel = torch._fused_adamw_ if is_decoupled else torch._fused_adam_
        beta1, beta2 = group["betas"]
        kernel(
            rows.parameters,
            gradients,
            rows.moments["exp_avg"],
            rows.moments["exp_avg_sq"],
            [],
            rows.steps,
            lr=group["lr"],
            beta1=beta1,
            beta2=beta2,
            weight_decay=group["weight_decay"],
            eps=group["eps"],
            amsgrad=False,
            maximize=False,
        )


# The rules by torch's own optimizers.
RULES: dict[type[Optimizer], type[FlatOptimizer]] = {SGD: FlatSGD, Adam: FlatAdam, AdamW: FlatAdam}


def reason_against(optimizer: Optimizer) -> str:
    """Return why an optimizer has no rule here; empty: it has one.

    Examples:
        >>> reason_against(SGD([torch.zeros(1)], lr=0.1))
        ''
        >>> reason_against(SGD([torch.zeros(1)], lr=0.1, momentum=0.9, dampening=0.5))
        'SGD with dampening'
    """
    name = type(optimizer).__name__
    if type(optimizer) not in RULES:
        return f"the optimizer {name}"
    group = optimizer.param_groups[0]
    for option in ("dampening", "maximize", "amsgrad", "differentiable", "capturable"):
        if group.get(option):
            return f"{name} with {option}"
    return ""


def _steps_of(optimizer: Optimizer) -> float:
    """Return the number of steps that an optimizer has taken."""
    return max((float(state.get("step", 0)) for state in optimizer.state.values()), default=0.0)
