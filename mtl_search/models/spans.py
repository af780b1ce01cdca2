"""Spans of tokens, such as the two entities of a relation, read apart by one task's head.

B samples, T tokens, W width of the features, S spans
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import torch
from torch import Tensor, nn

from mtl_search.config.schema import SpansConfig
from mtl_search.data.dataset import DataSet
from mtl_search.data.spec import DataSpec
from mtl_search.errors import ConfigError
from mtl_search.models.stage import FeatureKind


class Spans(nn.Module):
    """Token features (B, T, W) → (B, S · W), the mean of each span, after the first token's W if asked.

    A span without a token gives zeros. S. Wu and Y. He, "Enriching Pre-trained Language Model with Entity Information
    for Relation Classification", 2019, without the dense layer that they put on each part before joining them.

    Args:
        width: W.
        view: (B, T) whole numbers, k in span k = 1 .. S.
        count: S.
        first: Put the first token's features in front.

    Attributes:
        views: The view that is read.
        width: Of what comes out.
    """

    __call__: Callable[..., Tensor]

    def __init__(self, width: int, view: str, *, count: int, first: bool) -> None:
        super().__init__()
        self.views = (view,)
        self.width = width * (count + first)
        self.count, self.first = count, first

    def forward(self, features: Tensor, inputs: Mapping[str, Tensor]) -> Tensor:
        """(B, S · W) or (B, (1 + S) · W) from (B, T, W)."""
        numbers = torch.arange(1, self.count + 1, device=features.device)
        inside_BST = inputs[self.views[0]].unsqueeze(1) == numbers.view(1, -1, 1)
        shares_BST = inside_BST / inside_BST.sum(2, keepdim=True).clamp(min=1)
        # Tokens outside all spans may be padding, which may hold anything: NaN times a share of 0 would be NaN.
        kept_BTW = features.masked_fill(~inside_BST.any(1).unsqueeze(2), 0.0)
        means_BSW = shares_BST.to(features.dtype) @ kept_BTW
        parts = [features[:, 0]] if self.first else []
        return torch.cat([*parts, means_BSW.flatten(1)], 1)


def build_spans(
    task: str, settings: SpansConfig, data: DataSet | DataSpec, width: int, kind: FeatureKind
) -> Spans:
    """What a task's key `spans` asks for.

    Args:
        task: Its name, for messages.
        settings: View and number of the spans.
        data: Has the view.
        width: Of the features that reach the head.
        kind: Whether these are a vector, tokens or a map.

    Raises:
        ConfigError: No such view, or it holds something else than a whole number a token, or there are no tokens.
    """
    path, view = f"tasks.{task}.spans.view", settings.view
    if view not in data.inputs:
        raise ConfigError(
            "the data set has no view of this name", path=path, value=view, allowed=data.inputs
        )
    if kind != "tokens":
        raise ConfigError(
            f"spans are of tokens, and the backbone gives one {kind} a sample",
            path=path,
            value=view,
        )
    x = data.inputs[view]
    if len(x.shape) != 2 or not np.issubdtype(x.dtype, np.integer):
        what = f"needs one whole number a token (tokens,), and this view is {x.dtype} {x.shape[1:]}"
        raise ConfigError(what, path=path, value=view)
    return Spans(width, view, count=settings.count, first=settings.first)
