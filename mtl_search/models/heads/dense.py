"""The dense part of a head: hidden layers with ReLU and dropout, then one linear layer."""

from __future__ import annotations

from collections.abc import Sequence

from torch import nn

from mtl_search.config.checks import check_ints, check_number


def dense(width: int, hidden: Sequence[int], dropout: float, outputs: int | None) -> nn.Module:
    """Build the hidden layers and the output layer.

    Dropout follows each hidden layer. Without hidden layers it comes before the output layer, so
    that it acts on the features, as `GlobalAveragePooling → Dropout(0.5) → Dense` of Keras has it.

    Args:
        width: Width of the features (B, W).
        hidden: Widths of the hidden layers; may be empty.
        dropout: Share of features set to zero in training, at least 0 and below 1.
        outputs: Width of the last linear layer; None for no such layer.

    Raises:
        ConfigError: A width or the dropout is out of range; the path is the argument's name.
    """
    rate = check_number(dropout, "dropout", high=1.0, exclude_high=True)
    layers: list[nn.Module] = []
    for size in check_ints(hidden, "hidden", allow_empty=True):
        layers += [nn.Linear(width, size), nn.ReLU()]
        if rate:
            layers.append(nn.Dropout(rate))
        width = size
    if not layers and rate:
        layers.append(nn.Dropout(rate))
    if outputs is not None:
        layers.append(nn.Linear(width, outputs))
    return layers[0] if len(layers) == 1 else nn.Sequential(*layers)
