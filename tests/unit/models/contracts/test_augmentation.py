"""An augmentation of the user's keeps shape and type, and draws from torch."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_search.config import Component
from mtl_search.errors import ConfigError
from mtl_search.models.augment import build_augment
from mtl_search.models.contracts.augmentation import check_augmentation
from mtl_search.models.contracts.batch import SmallBatch

HERE = __name__
X = torch.rand(4, 1, 6, 6)
BATCH = SmallBatch({"image": X, "words": torch.zeros(4, 3, dtype=torch.long)}, {}, np.arange(4))


def flip(x: Tensor, *, p: float = 0.5) -> Tensor:
    """Each image is flipped with a probability."""
    return torch.where(torch.rand(len(x), 1, 1, 1) < p, x.flip(3), x)


def crop(x: Tensor) -> Tensor:
    return x[..., 1:]


def double(x: Tensor) -> Tensor:
    return x.double()


def in_place(x: Tensor) -> Tensor:
    return x.mul_(2)


def elsewhere(x: Tensor) -> Tensor:
    return x + float(np.random.default_rng().normal())


def infinite(x: Tensor) -> Tensor:
    return x / 0


def checked(function: Callable[..., Tensor], batch: SmallBatch = BATCH) -> None:
    name = f"{HERE}:{function.__name__}"
    augment = build_augment([Component(name=name)])
    assert augment is not None
    check_augmentation(augment.steps[0], name, batch, "model.augment.0")


def test_a_right_augmentation_passes() -> None:
    checked(flip)


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (crop, r"gives shape \(4, 1, 6, 5\), torch.float32 for a batch of shape \(4, 1, 6, 6\)"),
        (double, r"gives shape \(4, 1, 6, 6\), torch.float64"),
        (in_place, "changes the batch that it is given"),
        (elsewhere, "gives two results for one seed of torch"),
        (infinite, "not finite"),
    ],
)
def test_a_wrong_augmentation_is_refused(function: Callable[..., Tensor], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        checked(function)
    assert caught.value.path == "model.augment.0"


def test_one_that_would_change_nothing_is_refused() -> None:
    rows = SmallBatch({"table": torch.rand(4, 6)}, {}, np.arange(4))
    with pytest.raises(ConfigError, match=r"takes views of 4 axes .* table \(4, 6\)"):
        checked(flip, rows)
