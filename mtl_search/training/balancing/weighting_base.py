"""What every weighting is: the losses of a step in, how much each of them counts out.

T tasks, P shared parameters
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, ClassVar

import torch
from torch import Tensor
from torch.optim import Adam
from torchjd.scalarization import Scalarizer

from mtl_search.config.checks import check_number
from mtl_search.training.balancing.state import get_state, set_state


class Weighting(ABC):
    """Base of all weightings.

    The losses that it sees are the step's, over all labelled samples of the global batch, times `loss_weight` and over
    their trivial predictors' losses. A task without a label in the step shows its last loss again. Every rank sees the
    same ones, so every rank's copy of a weighting stays the same.

    Attributes:
        needs_gradients: `weigh` or `rows` reads the gradient of each task with respect to the shared parameters.
        needs_losses_after_step: `after_optimizer_step` wants the losses of the same batch once more, after the optimiser's step.
        draws: It draws random numbers, which must be the same on all ranks.
        plain: All tasks count alike, always: the step then takes the direct way, and there is nothing to log.
    """

    needs_gradients: ClassVar[bool] = False
    needs_losses_after_step: ClassVar[bool] = False
    is_random: ClassVar[bool] = False
    plain: ClassVar[bool] = False

    @abstractmethod
    def weigh(self, losses: Tensor, jacobian: Tensor | None) -> Tensor:
        """Weight of each task (T,), detached; takes in what there is to learn from this step.

        Args:
            losses: (T,) without a graph.
            jacobian: (T, P) of these losses where `needs_gradients`, to be read only; None elsewhere.
        """

    def rows(self, jacobian: Tensor) -> tuple[Tensor, Tensor | None]:
        """Weighted gradients of the shared parameters (T, P) → those that are added up, and what they were scaled by.

        As they are, and None, unless the method says otherwise.
        """
        return jacobian, None

    def after_optimizer_step(self, losses: Tensor) -> None:  # noqa: B027  most have nothing to do
        """Take in the losses (T,) after the optimiser's step, where `needs_losses_after_step`."""

    def end_epoch(self) -> None:  # noqa: B027  most have nothing to do
        """Called after the last step of an epoch."""

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """All that the next step depends on: tensors, numbers, lists and mappings."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Go on from such a state."""


class Scalarized(Weighting):
    """A scalarizer f of torchjd: the weight of task t is ∂f/∂L_t at the losses of the step.

    Parameters θ of the scalarizer follow ∂f/∂θ by an Adam of their own, so that neither the network's learning rate
    and weight decay nor the clipping of its gradient reach them.

    Args:
        scalarizer: f.
        lr: Learning rate of θ; None where f has none, or steps them itself.
    """

    def __init__(self, scalarizer: Scalarizer, lr: float | None = None) -> None:
        self.scalarizer = scalarizer
        self.optimizer = None
        if lr is not None:
            self.optimizer = Adam(scalarizer.parameters(), lr=check_number(lr, "lr"))

    def weigh(self, losses: Tensor, jacobian: Tensor | None) -> Tensor:
        """The gradient of the scalarizer, whose own parameters take a step."""
        with torch.enable_grad():
            leaf = losses.detach().requires_grad_()
            self.scalarizer(leaf).backward()
        if self.optimizer is not None:
            self.optimizer.step()
            self.optimizer.zero_grad()
        assert leaf.grad is not None
        return leaf.grad

    def state_dict(self) -> dict[str, Any]:
        """Of the scalarizer and its optimiser."""
        own = {} if self.optimizer is None else {"optimizer": self.optimizer.state_dict()}
        return {"scalarizer": get_state(self.scalarizer), **own}

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Of the scalarizer and its optimiser."""
        set_state(self.scalarizer, state["scalarizer"], device)
        if self.optimizer is not None:
            self.optimizer.load_state_dict(state["optimizer"])
