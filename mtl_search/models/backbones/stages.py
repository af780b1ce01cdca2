"""Stages that several backbones need: stages whose body reads the mask, and frozen stages."""

from __future__ import annotations

from torch import Tensor

from mtl_search.config.checks import check_int
from mtl_search.models.stage import Stage


class MaskedStage(Stage):
    """A stage that mixes tokens, so its body takes the mask, too."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return features (B, T, W) of tokens; padding does not change those of real tokens."""
        return self.body(x, mask)  # type: ignore[no-any-return]


class FrozenStage(Stage):
    """A stage that does not change: no gradient, no dropout, fixed running statistics.

    Args:
        stage: The stage to freeze.
    """

    def __init__(self, stage: Stage) -> None:
        super().__init__(stage, stage.width, stage.label, stage.kind)
        self.requires_grad_(requires_grad=False)
        self.eval()

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """Return the output of the stage itself."""
        return self.body(x, mask)  # type: ignore[no-any-return]

    def train(self, mode: bool = True) -> FrozenStage:
        """Stay in evaluation mode, whatever the mode of the network."""
        super().train(mode=False)
        return self


def freeze(stages: list[Stage], count: object, path: str) -> list[Stage]:
    """Return the stages with the first `count` of them frozen.

    Args:
        stages: The stages of a backbone.
        count: Number of leading stages to freeze, as the config has it.
        path: Dotted path of the config's key.

    Raises:
        ConfigError: `count` is not a number from 0 to the number of stages.
    """
    frozen = check_int(count, path, low=0, high=len(stages))
    return [*map(FrozenStage, stages[:frozen]), *stages[frozen:]]
