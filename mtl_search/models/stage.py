"""A stage: one step of a backbone. A backbone is an ordered list of stages.

Features between stages are (B, W) vectors, (B, T, W) tokens or (B, W, H, V) maps; W is the width
that a stage publishes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from torch import Tensor, nn

FeatureKind = Literal["vector", "tokens", "map"]

# Builds a freshly initialised list of stages; called once for each copy that a policy needs.
StagesBuilder = Callable[[], "list[Stage]"]


class Stage(nn.Module):
    """One step of a backbone, around any module that maps features to features.

    Args:
        body: The module.
        width: Size of the feature dimension of its output.
        label: A short description for tables and pictures, such as `conv 32`.
        kind: Kind of its output: a (B, W) vector, (B, T, W) tokens or a (B, W, H, V) map. Heads
            that need tokens check it.

    Examples:
        A backbone of one's own is a function from the shape of a view to a list of stages. In a
        config it is `model.backbone: {name: "my_package.my_module:residual_mlp", blocks: 3}`.

        >>> import torch
        >>> from torch import Tensor, nn
        >>> from mtl_search.models.stage import Stage
        >>> class Residual(nn.Module):
        ...     def __init__(self, width: int) -> None:
        ...         super().__init__()
        ...         self.layer = nn.Linear(width, width)
        ...
        ...     def forward(self, x: Tensor) -> Tensor:
        ...         return x + self.layer(x).relu()
        >>> def residual_mlp(input_shape: tuple[int, ...], *, blocks: int = 2) -> list[Stage]:
        ...     (width,) = input_shape
        ...     return [Stage(Residual(width), width, f"residual {width}") for _ in range(blocks)]
        >>> stages = residual_mlp((6,), blocks=3)
        >>> x = torch.zeros(8, 6)
        >>> for stage in stages:
        ...     x = stage(x)
        >>> x.shape
        torch.Size([8, 6])
    """

    __call__: Callable[..., Tensor]
    _modules: dict[str, Any]

    def __init__(
        self, body: nn.Module, width: int, label: str, kind: FeatureKind = "vector"
    ) -> None:
        super().__init__()
        self.body = body
        self.width = width
        self.label = label
        self.kind: FeatureKind = kind

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Compute the features that leave the stage.

        Args:
            x: (B, ...) features, or the input.
            mask: (B, T) bool, True at real tokens; None if all are real. Stages that mix tokens
                override this method.
        """
        # Not `self.body`: torch finds attributes that are modules in Python, thirty times as slowly
        # as others, and a step of a small network reads dozens. Heads and losses do the same.
        body = self._modules["body"]
        if type(body) is not nn.Sequential:
            return body(x)  # type: ignore[no-any-return]
        # The layers are called without their container, whose call is as noticeable.
        for layer in body._modules.values():  # noqa: SLF001
            x = layer(x)
        return x


def run_stages(stages: Iterable[nn.Module], x: Tensor, mask: Tensor | None) -> Tensor:
    """Run stages one after another.

    Args:
        stages: The stages, in order.
        x: (B, ...) features that enter the first one.
        mask: (B, T) bool, True at real tokens; None if all are real.
    """
    for stage in stages:
        x = stage(x, mask)
    return x


def parameter_count(module: nn.Module) -> int:
    """Count the parameters of a module; one that is used twice counts once."""
    return sum(parameter.numel() for parameter in module.parameters())


def safe_key(task: str) -> str:
    """Return a key for `nn.ModuleDict` that is different for different tasks.

    The prefix keeps names such as `type`, `keys` or the empty name apart from what torch reserves.
    """
    return "task:" + task.replace("%", "%25").replace(".", "%2E")
