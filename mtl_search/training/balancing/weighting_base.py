"""Base classes of weightings: they turn the losses of a step into a weight of each task.

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
    """Decide how much the loss of each task counts in a step.

    The losses that a weighting gets are the step's, over all labelled samples of the global batch,
    times `loss_weight` and over the losses of their trivial predictors. A task without a label in
    the step shows its last loss again. All ranks pass the same losses, so every rank's copy of a
    weighting stays the same.

    A weighting of your own is a subclass whose `__init__` takes the number of tasks, and any
    arguments of its own. Its name in the config is `module:Class`.

    Attributes:
        needs_gradients: Whether `weigh` or `rows` reads the gradient of each task with respect to
            the shared parameters.
        needs_losses_after_step: Whether `after_optimizer_step` needs the losses of the same batch
            once more, after the optimiser's step.
        is_random: Whether it draws random numbers, which must be the same on all ranks.
        plain: Whether all tasks always count alike: the step then adds the losses up directly, and
            there is nothing to log.

    Examples:
        Every task counts by the inverse of its loss, averaged over the steps so far:

        >>> class InverseLoss(Weighting):
        ...     def __init__(self, tasks: int, *, decay: float = 0.9) -> None:
        ...         self.decay = decay
        ...         self.mean = torch.ones(tasks)
        ...
        ...     def weigh(self, losses: Tensor, jacobian: Tensor | None) -> Tensor:
        ...         self.mean = self.decay * self.mean + (1 - self.decay) * losses
        ...         return 1 / self.mean
        ...
        ...     def state_dict(self) -> dict[str, Any]:
        ...         return {"mean": self.mean}
        ...
        ...     def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        ...         self.mean = state["mean"].to(device)
        >>> InverseLoss(2, decay=0.5).weigh(torch.tensor([1.0, 3.0]), None)
        tensor([1.0000, 0.5000])

        In a config it is `training.weighting: {name: "my_module:InverseLoss", decay: 0.5}`.
    """

    needs_gradients: ClassVar[bool] = False
    needs_losses_after_step: ClassVar[bool] = False
    is_random: ClassVar[bool] = False
    plain: ClassVar[bool] = False

    @abstractmethod
    def weigh(self, losses: Tensor, jacobian: Tensor | None) -> Tensor:
        """Return the weight of each task (T,), detached, and learn from this step.

        Args:
            losses: The losses (T,), without a graph.
            jacobian: Their gradients (T, P), to be read only, where `needs_gradients`; None
                elsewhere.
        """

    def rows(self, jacobian: Tensor) -> tuple[Tensor, Tensor | None]:
        """Change the gradients of the shared parameters before they are added up.

        Args:
            jacobian: The weighted gradients (T, P).

        Returns:
            The gradients (T, P) to add up, and the factors (T,) by which they were scaled; None
            where they stay as they are, as here.
        """
        return jacobian, None

    def after_optimizer_step(self, losses: Tensor) -> None:  # noqa: B027  most have nothing to do
        """Learn from the losses (T,) after the step, where `needs_losses_after_step`."""

    def end_epoch(self) -> None:  # noqa: B027  most have nothing to do
        """Learn from the epoch, after its last step."""

    @abstractmethod
    def state_dict(self) -> dict[str, Any]:
        """Return all that the next step depends on: tensors, numbers, lists and mappings."""

    @abstractmethod
    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Go on from a state that `state_dict` returned.

        Args:
            state: The state, with its tensors on the CPU.
            device: The device that the losses are on.
        """


class Scalarized(Weighting):
    """Weigh task t by ∂f/∂L_t, where f is a scalarizer of torchjd, at the losses of the step.

    Parameters θ of the scalarizer follow ∂f/∂θ by an Adam of their own, so that neither the
    network's learning rate and weight decay nor the clipping of its gradient reach them.

    Args:
        scalarizer: The scalarizer f.
        lr: The learning rate of θ; None where f has no parameters, or updates them itself.
    """

    def __init__(self, scalarizer: Scalarizer, lr: float | None = None) -> None:
        self.scalarizer = scalarizer
        self.optimizer = None
        if lr is not None:
            self.optimizer = Adam(scalarizer.parameters(), lr=check_number(lr, "lr"))

    def weigh(self, losses: Tensor, jacobian: Tensor | None) -> Tensor:
        """Return the gradient of the scalarizer, and update its own parameters."""
        with torch.enable_grad():
            leaf = losses.detach().requires_grad_()
            self.scalarizer(leaf).backward()
        if self.optimizer is not None:
            self.optimizer.step()
            self.optimizer.zero_grad()
        assert leaf.grad is not None
        return leaf.grad

    def state_dict(self) -> dict[str, Any]:
        """Return the states of the scalarizer and its optimiser."""
        state = {"scalarizer": get_state(self.scalarizer)}
        if self.optimizer is not None:
            state["optimizer"] = self.optimizer.state_dict()
        return state

    def load_state_dict(self, state: Mapping[str, Any], device: torch.device) -> None:
        """Load the states of the scalarizer and its optimiser."""
        set_state(self.scalarizer, state["scalarizer"], device)
        if self.optimizer is not None:
            self.optimizer.load_state_dict(state["optimizer"])
