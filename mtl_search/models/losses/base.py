"""The base of all losses: the loss of each label, which knows nothing of missing ones.

K classes, L labels, N labels of whatever shape the target has
"""

from __future__ import annotations

import copy
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Literal, cast

from torch import Tensor, nn

from mtl_search.errors import ConfigError

Reduction = Literal["none", "sum", "mean"]


class ElementwiseLoss(nn.Module, ABC):
    """Base of all losses: (output, target) → the loss of each label, in the target's shape.

    Losses are modules so that class weights move to the device with the network. The reduction is
    an argument because torch reduces inside the same operation, and the step of a small network is
    mostly the overhead of operations.

    Attributes:
        ignores_missing: Whether the loss leaves out missing labels itself when it is summed.
        on_distance: Whether the loss reads the distance of a pair and not a logit.
        on_cosine: Whether the loss reads the cosine of a pair and not a logit.

    Examples:
        The quantile loss, whose best constant is the quantile of the labels. In a config it is
        `tasks.<task>.loss: {name: "my_package.my_module:Quantile", q: 0.9}`. A plain function
        (output, target) → the loss of each label is accepted, too.

        >>> import torch
        >>> from mtl_search.models.losses.base import ElementwiseLoss, reduced
        >>> class Quantile(ElementwiseLoss):
        ...     def __init__(self, q: float = 0.5) -> None:
        ...         super().__init__()
        ...         self.q = q
        ...
        ...     def forward(self, output, target, reduction="none"):
        ...         error = target - output.float()
        ...         return reduced(torch.maximum(self.q * error, (self.q - 1) * error), reduction)
        ...
        ...     def best_constant(self, start, labels):
        ...         return labels.quantile(self.q)
        >>> loss = Quantile(q=0.9)
        >>> loss(torch.tensor([0.0, 0.0]), torch.tensor([10.0, -10.0]))
        tensor([9., 1.])
        >>> loss.best_constant(torch.tensor(50.0), torch.arange(101.0))
        tensor(90.)
    """

    ignores_missing: ClassVar[bool] = False
    on_distance: ClassVar[bool] = False
    on_cosine: ClassVar[bool] = False

    __call__: Callable[..., Tensor]

    @abstractmethod
    def forward(self, output: Tensor, target: Tensor, reduction: Reduction = "none") -> Tensor:
        """Return the loss of each label, or the sum or mean over all of `target`."""

    def best_constant(self, start: Tensor, labels: Tensor) -> Tensor:
        """Return the output that is best if it must be the same for all samples.

        Args:
            start: The best output under the plain likelihood: the log prior (K,), the log odds ()
                or (L,), or the mean ().
            labels: The labels (N,), none of them missing.
        """
        return start

    def check_size(self, size: int) -> None:
        """Check that the arguments fit a target of `size` outputs.

        Raises:
            ConfigError: They do not fit, such as 3 class weights for 4 classes; the path is the
                argument's name.
        """


def reduced(losses: Tensor, reduction: Reduction) -> Tensor:
    """Return losses as they are, summed, or averaged."""
    if reduction == "sum":
        return losses.sum()
    if reduction == "mean":
        return losses.mean()
    return losses


class UserLoss(ElementwiseLoss):
    """A user's function (output, target) → the loss of each label.

    Its best constant is assumed to be that of the plain likelihood: the prior, the log odds or the
    mean.

    Args:
        function: The function.
    """

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function
        self.is_of_torch = type(function).__module__.startswith("torch.nn.")

    def forward(self, output: Tensor, target: Tensor, reduction: Reduction = "none") -> Tensor:
        """Return the losses that the function returns, reduced."""
        if self.is_of_torch and target.shape == output.shape:
            # Labels 0 and 1 are whole numbers, and losses such as BCEWithLogitsLoss need fractions.
            target = target.to(output.dtype)
        return reduced(self.function(output, target), reduction)


def as_elementwise(loss: Any, path: str = "") -> ElementwiseLoss:
    """Return an elementwise loss as it is, and a user's function as such a loss.

    A loss of `torch.nn` is taken with `reduction="none"`, since missing labels are left out of the
    losses of the single labels.

    Args:
        loss: The loss or the function.
        path: Dotted path of the config's key.

    Raises:
        ConfigError: It is not a function of (output, target).
    """
    if isinstance(loss, ElementwiseLoss):
        return loss
    try:
        inspect.signature(loss).bind(None, None)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            "a loss is a function of (output, target)", path=path, value=repr(loss)
        ) from error
    return UserLoss(_without_reduction(loss))


def _without_reduction(loss: Callable[..., Any]) -> Callable[..., Any]:
    """Return a module of `torch.nn` so that it returns the loss of each label."""
    if not isinstance(loss, nn.Module) or not isinstance(getattr(loss, "reduction", None), str):
        return loss
    module: Any = copy.deepcopy(loss)  # which may be used elsewhere as it is
    module.reduction = "none"
    return cast(Callable[..., Any], module)
