"""The dense part of a head: where dropout stands, and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
import torch
from torch import nn

from mtl_search.errors import ConfigError
from mtl_search.models.heads.dense import dense


def _layers(*arguments: Any) -> list[str]:
    built = dense(*arguments)
    layers = built if isinstance(built, nn.Sequential) else [built]
    return [type(layer).__name__ for layer in layers]


@pytest.mark.parametrize(
    ("hidden", "dropout", "outputs", "layers"),
    [
        ([], 0.0, 3, ["Linear"]),
        ([], 0.5, 3, ["Dropout", "Linear"]),
        ([6], 0.0, 3, ["Linear", "ReLU", "Linear"]),
        ([6, 4], 0.5, 3, ["Linear", "ReLU", "Dropout", "Linear", "ReLU", "Dropout", "Linear"]),
        ([6], 0.0, None, ["Linear", "ReLU"]),
        ([], 0.0, None, []),
    ],
)
def test_layers(
    hidden: Sequence[int], dropout: float, outputs: int | None, layers: list[str]
) -> None:
    assert _layers(5, hidden, dropout, outputs) == layers


@pytest.mark.parametrize(("hidden", "outputs", "width"), [([7, 6], 3, 3), ([7], None, 7)])
def test_widths(hidden: Sequence[int], outputs: int | None, width: int) -> None:
    assert dense(5, hidden, 0.0, outputs)(torch.zeros(2, 5)).shape == (2, width)


@pytest.mark.parametrize(
    ("hidden", "dropout", "path"),
    [([0], 0.0, "hidden"), (["6"], 0.0, "hidden"), ([], 1.0, "dropout"), ([], -0.1, "dropout")],
)
def test_a_wrong_argument_is_named(hidden: Sequence[int], dropout: float, path: str) -> None:
    with pytest.raises(ConfigError) as caught:
        dense(5, hidden, dropout, 3)
    assert caught.value.path == path
