"""A backbone whose first stage does nothing: shared to depth 1, networks have nothing in common."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from mtl_search.models.backbones.mlp import mlp
from mtl_search.models.stage import Stage


def identity_mlp(input_shape: tuple[int, ...], *, widths: Sequence[int]) -> list[Stage]:
    """Build an identity and then the dense layers of `mlp`.

    Args:
        input_shape: Shape of a view without the batch.
        widths: Width of each dense layer.
    """
    (inputs,) = input_shape
    return [Stage(nn.Identity(), inputs, "identity"), *mlp(input_shape, widths=widths)]
