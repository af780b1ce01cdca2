"""Spans of tokens, such as the two entities of a relation, pooled for one task's head.

B samples, T tokens, W width of the features, S spans
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from mtl_search.config.checks import check_choice
from mtl_search.config.sections.task import SpansConfig
from mtl_search.data.dataset import DataSet
from mtl_search.data.spec import DataSpec
from mtl_search.errors import ConfigError
from mtl_search.models.stage import FeatureKind


class Spans(nn.Module):
    """Pool the tokens of each span: (B, T, W) → (B, S · W), or (B, (1 + S) · W) with `first`.

    Each span gives the mean of its tokens, and zeros if it has none. Follows S. Wu and Y. He,
    "Enriching Pre-trained Language Model with Entity Information for Relation Classification",
    2019, without the dense layer that they apply to each part before they join the parts.

    Args:
        width: Width W of a token's features.
        view: Name of a view (B, T) of whole numbers: k at the tokens of span k = 1 .. S.
        count: Number of spans S.
        first: Whether the features of the first token come before those of the spans.

    Attributes:
        views: The one view that is read.
        width: Width of the output.
    """

    __call__: Callable[..., Tensor]

    def __init__(self, width: int, view: str, *, count: int, first: bool) -> None:
        super().__init__()
        self.views = (view,)
        self.width = width * (count + first)
        self.count = count
        self.first = first

    def forward(self, features: Tensor, inputs: Mapping[str, Tensor]) -> Tensor:
        """Return (B, S · W) or (B, (1 + S) · W) from token features (B, T, W).

        Args:
            features: (B, T, W).
            inputs: Maps each view to a tensor (B, ...).
        """
        numbers = torch.arange(1, self.count + 1, device=features.device)
        inside_BST = inputs[self.views[0]].unsqueeze(1) == numbers.view(1, -1, 1)
        shares_BST = inside_BST / inside_BST.sum(2, keepdim=True).clamp(min=1)
        # Tokens outside all spans may be padding, which may hold anything, and NaN · 0 is NaN.
        kept_BTW = features.masked_fill(~inside_BST.any(1).unsqueeze(2), 0.0)
        means_BSW = shares_BST.to(features.dtype) @ kept_BTW
        means = means_BSW.flatten(1)
        return torch.cat([features[:, 0], means], 1) if self.first else means


def build_spans(
    task: str, settings: SpansConfig, data: DataSet | DataSpec, width: int, kind: FeatureKind
) -> Spans:
    """Build what a task's key `spans` asks for.

    Args:
        task: The task's name, for messages.
        settings: The view and the number of spans.
        data: The data set that has the view.
        width: Width of the features that enter.
        kind: Kind of those features.

    Raises:
        ConfigError: There is no such view, it does not hold one whole number for each token, or
            the features are not tokens.
    """
    path = f"tasks.{task}.spans.view"
    view = check_choice(settings.view, path, data.inputs, "view")
    if kind != "tokens":
        raise ConfigError(
            f"spans are of tokens, and the backbone gives one {kind} a sample",
            path=path,
            value=view,
        )
    x = data.inputs[view]
    if len(x.shape) != 2 or not np.issubdtype(x.dtype, np.integer):
        raise ConfigError(
            f"needs one whole number a token (tokens,), and this view is {x.dtype} {x.shape[1:]}",
            path=path,
            value=view,
        )
    return Spans(width, view, count=settings.count, first=settings.first)
