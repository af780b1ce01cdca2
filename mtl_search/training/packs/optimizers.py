"""Optimizers of a pack: torch's update rules on matrices, with one value a member.

B members, P numbers in the parameters of one of them. The moments of each member's own optimizer
are views of its row, so that checkpoints are those of a trial that trains alone.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import ClassVar

import torch
from torch import Tensor
from torch.optim import SGD, Adam, AdamW, Optimizer

from mtl_search.training.packs.flat_parameters import FlatParameters


class FlatOptimizer(ABC):
    """Update the parameters of all members by the settings of their own optimizers.

    Args:
        optimizers: The members' own optimizers, which are never stepped. Their state may be that of
            a checkpoint.
        parameters: The members' parameters.

    Attributes:
        varied: The settings of which each member may have its own value.
        moments: The names of the state that has the shape of the parameters.
    """

    varied: ClassVar[tuple[str, ...]] = ("lr", "weight_decay")
    moments: ClassVar[tuple[str, ...]] = ()

    def __init__(self, optimizers: Sequence[Optimizer], parameters: FlatParameters) -> None:
        self._parameters = parameters
        self._optimizers = list(optimizers)
        self._columns = self._groups_of_columns()
        device = parameters.matrix.device
        self.steps = torch.tensor(
            [[_steps_of(optimizer)] for optimizer in optimizers], dtype=torch.float64, device=device
        )
        self.state = {name: torch.zeros_like(parameters.matrix) for name in self.moments}
        self._load()
        self._attach()
        self._hooks = [
            optimizer.register_state_dict_pre_hook(self._publish) for optimizer in optimizers
        ]
        for optimizer in self._optimizers:
            # Schedules warn of an optimizer that was never stepped; the pack steps in its place.
            setattr(optimizer, "_opt_called", True)

    @abstractmethod
    def update(self, parameters: Tensor, gradient: Tensor) -> None:
        """Change the parameters (B, P) by the gradients (B, P), which may be overwritten."""

    def step(self, gradient: Tensor) -> None:
        """Take a step along the gradients (B, P), which may be overwritten."""
        self.steps += 1
        with torch.no_grad():
            self.update(self._parameters.matrix, gradient)

    def read_settings(self) -> None:
        """Read the members' settings, which their schedules change once an epoch."""
        self._settings = {name: self._read(name) for name in self.varied}

    def setting(self, name: str) -> Tensor:
        """Return a setting in float64, (B, 1) where a member has one value, (B, P) otherwise."""
        return self._settings[name]

    def publish(self, member: int) -> None:
        """Tell a member's own optimizer how many steps it is at, before it is stored."""
        optimizer = self._optimizers[member]
        if not self.moments:
            return
        steps = self.steps[member, 0].float().cpu()
        for parameter in _trained(optimizer):
            optimizer.state[parameter]["step"] = steps.clone()

    def snapshot(self) -> list[Tensor]:
        """Return copies of the state."""
        return [x.clone() for x in (self.steps, *self.state.values())]

    def restore(self, snapshot: Sequence[Tensor]) -> None:
        """Go back to a snapshot."""
        for x, before in zip((self.steps, *self.state.values()), snapshot, strict=True):
            x.copy_(before)

    def keep(self, members: Sequence[int]) -> None:
        """Let the other members leave; it is called after the parameters have let them go."""
        for member, optimizer in enumerate(self._optimizers):
            if member not in members:
                self._hooks[member].remove()
                self.publish(member)
                for state in optimizer.state.values():
                    state.update({name: state[name].clone() for name in self.moments})
        rows = torch.tensor(list(members), dtype=torch.long, device=self.steps.device)
        self.steps = self.steps[rows]
        self.state = {name: x[rows] for name, x in self.state.items()}
        self._optimizers = [self._optimizers[member] for member in members]
        self._hooks = [self._hooks[member] for member in members]
        self._attach()

    def _publish(self, optimizer: Optimizer) -> None:
        self.publish(next(n for n, own in enumerate(self._optimizers) if own is optimizer))

    def _groups_of_columns(self) -> Tensor | None:
        """Return the group of each column (P,); None where there is one group."""
        groups = self._optimizers[0].param_groups
        if len(groups) == 1:
            return None
        group_of = {p: number for number, group in enumerate(groups) for p in group["params"]}
        numbers = [group_of[p] for p in self._parameters.trained_of(0)]
        sizes = torch.tensor(self._parameters.sizes)
        return torch.tensor(numbers).repeat_interleave(sizes).to(self._parameters.matrix.device)

    def _read(self, name: str) -> Tensor:
        rows = [[float(group[name]) for group in o.param_groups] for o in self._optimizers]
        values = torch.tensor(rows, dtype=torch.float64, device=self.steps.device)  # (B, groups)
        return values if self._columns is None else values[:, self._columns]

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
        for member, optimizer in enumerate(self._optimizers):
            own = self._parameters.trained_of(member)
            for name, matrix in self.state.items():
                rows = self._parameters.rows_of(matrix, member)
                for parameter, row in zip(own, rows, strict=True):
                    optimizer.state[parameter][name] = row


class FlatSGD(FlatOptimizer):
    """Stochastic gradient descent with momentum, as `torch.optim.SGD` without dampening."""

    varied = ("lr", "weight_decay", "momentum")
    moments = ("momentum_buffer",)

    def update(self, parameters: Tensor, gradient: Tensor) -> None:
        """Move along the momentum, or along the gradient where no member has one."""
        dtype = gradient.dtype
        momentum = self.setting("momentum").to(dtype)
        gradient.addcmul_(parameters, self.setting("weight_decay").to(dtype))
        buffer = self.state["momentum_buffer"].mul_(momentum).add_(gradient)
        is_nesterov = self._optimizers[0].param_groups[0]["nesterov"]
        direction = gradient.addcmul_(buffer, momentum) if is_nesterov else buffer
        parameters.addcmul_(direction, self.setting("lr").to(dtype), value=-1)


class FlatAdam(FlatOptimizer):
    """Adam, and AdamW with its decay apart from the gradient, as `torch.optim.Adam`."""

    moments = ("exp_avg", "exp_avg_sq")

    def update(self, parameters: Tensor, gradient: Tensor) -> None:
        """Kingma & Ba 2015, algorithm 1; Loshchilov & Hutter 2019, algorithm 2."""
        group = self._optimizers[0].param_groups[0]
        (beta1, beta2), eps, dtype = group["betas"], group["eps"], gradient.dtype
        rate, decay = self.setting("lr"), self.setting("weight_decay")
        if group["decoupled_weight_decay"]:
            parameters.mul_((1 - rate * decay).to(dtype))
        else:
            gradient.addcmul_(parameters, decay.to(dtype))
        mean = self.state["exp_avg"].lerp_(gradient, 1 - beta1)
        square = self.state["exp_avg_sq"].mul_(beta2).addcmul_(gradient, gradient, value=1 - beta2)
        size = (rate / (1 - beta1**self.steps)).to(dtype)
        root = (1 - beta2**self.steps).sqrt().to(dtype)
        parameters.addcmul_(mean / (square.sqrt() / root).add_(eps), size, value=-1)


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
    for option in ("dampening", "maximize", "amsgrad"):
        if group.get(option):
            return f"{name} with {option}"
    return ""


def _steps_of(optimizer: Optimizer) -> float:
    """Return the number of steps that an optimizer has taken."""
    return max((float(state.get("step", 0)) for state in optimizer.state.values()), default=0.0)


def _trained(optimizer: Optimizer) -> list[Tensor]:
    return [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
