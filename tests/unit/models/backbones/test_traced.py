"""A module is cut where one tensor goes on, and nowhere else."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mtl_search.models.backbones.partition import PartitionError
from mtl_search.models.backbones.traced import traced_parts


class Layers(nn.Module):
    """Three linear layers and a parameter."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two, self.three = nn.Linear(4, 4), nn.Linear(4, 4), nn.Linear(4, 4)
        self.scale = nn.Parameter(torch.full((4,), 2.0))


class Plain(Layers):
    """Activations by functions, a residual connection, and a parameter of its own."""

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.one(x))
        x = x + F.relu(self.two(x))
        return self.three(x) * self.scale  # type: ignore[no-any-return]


class Skips(Layers):
    """The input is read again at the end."""

    def forward(self, x: Tensor) -> Tensor:
        return x + self.three(self.two(self.one(x)))  # type: ignore[no-any-return]


class Drops(Layers):
    """Dropout by a function, which does nothing in evaluation."""

    def forward(self, x: Tensor) -> Tensor:
        return self.two(F.dropout(self.one(x), 0.5, self.training))  # type: ignore[no-any-return]


class Ties(Layers):
    """One layer twice."""

    def forward(self, x: Tensor) -> Tensor:
        return self.one(self.two(self.one(x)))  # type: ignore[no-any-return]


class TwoInputs(Layers):
    """Two tensors."""

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.one(x) + self.two(y)  # type: ignore[no-any-return]


def with_matrix(module: nn.Module) -> list[str]:
    return [
        name for name, part in traced_parts(module) if any(p.ndim > 1 for p in part.parameters())
    ]


@pytest.mark.parametrize(
    ("module", "parts"), [(Plain(), ["one", "two", "three"]), (Skips(), ["one"])]
)
def test_the_parts_compute_what_the_module_computes(module: nn.Module, parts: list[str]) -> None:
    assert with_matrix(module) == parts
    x = y = torch.randn(5, 4)
    for _, part in traced_parts(module):
        y = part(y)
    assert torch.equal(y, module(x))


@pytest.mark.parametrize(
    ("module", "told"),
    [
        (Drops(), "reads `self.training`"),
        (Ties(), "weights in common"),
        (TwoInputs(), "more than one tensor"),
    ],
)
def test_what_would_change_is_not_cut(module: nn.Module, told: str) -> None:
    with pytest.raises(PartitionError, match=told):
        traced_parts(module)
    assert module.training
