"""What every loss is: the loss of each label, never reduced over what is missing.

K classes, L labels, N labels of whatever shape the target has
"""

from __future__ import annotations

import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar, Literal

from torch import Tensor, nn

from mtl_search.errors import ConfigError

Reduction = Literal["none", "sum", "mean"]


class ElementwiseLoss(nn.Module, ABC):
    """Base of all losses: (output, target) → the loss of each label, with the target's shape.

    They are modules so that class weights move to the device with the network. The reduction is an argument because
    torch reduces inside the same operation, and a step of a small network is mostly the overhead of operations.

    Attributes:
        ignores_missing: The loss leaves out missing labels itself when it is summed.
        on_distance: The loss reads the distance of a pair, not a logit.
        on_cosine: The loss reads the cosine of a pair, not a logit.
    """

    ignores_missing: ClassVar[bool] = False
    on_distance: ClassVar[bool] = False
    on_cosine: ClassVar[bool] = False

    __call__: Callable[..., Tensor]

    @abstractmethod
    def forward(self, output: Tensor, target: Tensor, reduction: Reduction = "none") -> Tensor:
        """Loss of each label, or their sum or mean over all of `target`."""

    def best_constant(self, start: Tensor, labels: Tensor) -> Tensor:
        """The output that is best when it must be the same for every sample.

        Args:
            start: The best one under the plain likelihood: log prior (K,), log odds () or (L,), or the mean ().
            labels: (N,) the labels, none missing.
        """
        return start

    def check_size(self, size: int) -> None:
        """Refuse a target of `size` outputs that the arguments do not fit.

        Raises:
            ConfigError: Such as 3 class weights for 4 classes; the path is that of the argument alone.
        """


def reduced(losses: Tensor, reduction: Reduction) -> Tensor:
    """Losses as they are, summed, or averaged."""
    return losses if reduction == "none" else losses.sum() if reduction == "sum" else losses.mean()


class UserLoss(ElementwiseLoss):
    """A user's own function (output, target) → loss of each label.

    Its best constant prediction is taken to be that of the plain likelihood: the prior, the log odds or the mean.
    """

    def __init__(self, function: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, output: Tensor, target: Tensor, reduction: Reduction = "none") -> Tensor:
        """Whatever the function returns, reduced."""
        return reduced(self.function(output, target), reduction)


def as_elementwise(loss: Any, path: str = "") -> ElementwiseLoss:
    """The loss itself, or a user's function wrapped.

    Raises:
        ConfigError: It is no function of (output, target).
    """
    if isinstance(loss, ElementwiseLoss):
        return loss
    try:
        inspect.signature(loss).bind(None, None)
    except (TypeError, ValueError) as error:
        raise ConfigError(
            "a loss is a function of (output, target)", path=path, value=repr(loss)
        ) from error
    return UserLoss(loss)
