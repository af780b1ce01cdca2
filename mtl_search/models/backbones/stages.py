"""Kinds of stages that several backbones need: stages whose body reads the mask, and stages that stay as they are."""

from __future__ import annotations

from torch import Tensor

from mtl_search.config.checks import check_int
from mtl_search.models.stage import Stage


class MaskedStage(Stage):
    """A stage that mixes tokens: its body takes the mask, too."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Features (B, T, W) of tokens, those of real tokens untouched by what stands at the others."""
        return self.body(x, mask)  # type: ignore[no-any-return]


class FrozenStage(Stage):
    """A stage that does not learn and does not change: no gradient, dropout off, running statistics kept.

    Args:
        stage: What is frozen.
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, stage.width, stage.label, stage.kind)
        self.requires_grad_(requires_grad=False)
        self.eval()

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """What the stage itself gives."""
        return self.body(x, mask)  # type: ignore[no-any-return]

    def train(self, mode: bool = True) -> FrozenStage:
        """Stay in evaluation mode."""
        super().train(mode=False)
        return self


def freeze(stages: list[Stage], count: object, path: str) -> list[Stage]:
    """The same stages with the first `count` frozen.

    Raises:
        ConfigError: There are not so many.
    """
    frozen = check_int(count, path, low=0, high=len(stages))
    return [FrozenStage(stage) if i < frozen else stage for i, stage in enumerate(stages)]
