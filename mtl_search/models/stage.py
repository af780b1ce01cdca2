"""A stage: one step of a backbone. A backbone is an ordered list of stages, each publishing its width.

Features between stages are (B, W) vectors, (B, T, W) tokens or (B, W, H, V) maps; W is the published width.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

from torch import Tensor, nn

FeatureKind = Literal["vector", "tokens", "map"]

# Builds a freshly initialised list of stages; called once a copy that the sharing policy needs.
StagesBuilder = Callable[[], "list[Stage]"]


class Stage(nn.Module):
    """One step of a backbone around any module that maps features to features.

    Args:
        body: The step itself.
        width: Size of the feature dimension that leaves it.
        label: What it is, for tables and pictures, such as `conv 32`.
        kind: What leaves it: a (B, W) vector, (B, T, W) tokens or a (B, W, H, V) map. Heads that need tokens ask.
    """

    __call__: Callable[..., Tensor]

    def __init__(
        self, body: nn.Module, width: int, label: str, kind: FeatureKind = "vector"
    ) -> None:
        super().__init__()
        self.body = body
        self.width = width
        self.label = label
        self.kind: FeatureKind = kind

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Features out of features.

        Args:
            x: (B, ...) features or input.
            mask: (B, T) bool, True at real tokens; None when all are. Stages that mix tokens override this method.
        """
        body = self.body
        if type(body) is not nn.Sequential:
            return body(x)  # type: ignore[no-any-return]
        for layer in (
            body
        ):  # without the call of the container: it is a noticeable part of a small network's step
            x = layer(x)
        return x


def run_stage(stages: Iterable[nn.Module], x: Tensor, mask: Tensor | None) -> Tensor:
    """The stages one after another."""
    for stage in stages:
        x = stage(x, mask)
    return x


def parameter_count(module: nn.Module) -> int:
    """How many numbers a module learns; a parameter that is used twice counts once."""
    return sum(parameter.numel() for parameter in module.parameters())


def safe_key(task: str) -> str:
    """A key for `nn.ModuleDict`, different for different tasks.

    The prefix keeps apart `type`, `keys`, the empty name and whatever else torch reserves.
    """
    return "task:" + task.replace("%", "%25").replace(".", "%2E")
