"""A sharing policy of the user's gives each task features, and each parameter its owners."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
import torch
from torch import Tensor, nn

from mtl_search.errors import ConfigError
from mtl_search.models.backbones.mlp import mlp
from mtl_search.models.contracts.batch import small_batch
from mtl_search.models.contracts.policy import check_policy
from mtl_search.models.sharing import DiagramBlock
from tests.support import small_sweeps as small
from tests.support.own_parts import RightPolicy

BATCH = small_batch(small.DATA)


class Listed(RightPolicy):
    """Lists in place of tuples."""

    def forward(  # type: ignore[override]
        self, inputs: Mapping[str, Tensor], masks: object = None
    ) -> dict[str, object]:
        return {task: list(x) for task, x in super().forward(inputs).items()}


class Narrow(RightPolicy):
    """Features of another width than published."""

    def forward(
        self, inputs: Mapping[str, Tensor], masks: object = None
    ) -> dict[str, tuple[Tensor, ...]]:
        return {task: (x[0][:, 1:],) for task, x in super().forward(inputs).items()}


class Forgets(RightPolicy):
    """Gates that belong to nobody."""

    def task_parameters(self, task: str) -> list[nn.Parameter]:
        return []


class Claims(RightPolicy):
    """The trunk belongs to each task, too."""

    def task_parameters(self, task: str) -> list[nn.Parameter]:
        return [*super().task_parameters(task), *self.trunk.parameters()]


class Swaps(RightPolicy):
    """The gate of the other task."""

    def task_parameters(self, task: str) -> list[nn.Parameter]:
        return super().task_parameters({"a": "b", "b": "a"}[task])


class NoBlocks(RightPolicy):
    """No picture."""

    def blocks(self) -> list[DiagramBlock]:
        return []


class Penalty(RightPolicy):
    """A penalty that is no single number."""

    def penalty(self) -> Tensor | None:
        return torch.ones(2)


def built(policy: type[RightPolicy]) -> RightPolicy:
    return policy(lambda: mlp((6,), widths=[4, 3]), {"a": ["x"], "b": ["y"]})


def test_a_right_policy_passes() -> None:
    check_policy(built(RightPolicy), "mine", BATCH)


@pytest.mark.parametrize(
    ("policy", "told"),
    [
        (Listed, "gives task 'a' a list, and needed is a tuple of 1 tensor"),
        (Narrow, r"gives task 'a' a tuple of shape \(4, 2\), .* width 3 \(vector\)"),
        (Forgets, "names gates.0, gates.1 neither among its shared parameters"),
        (Claims, "says that trunk.0.body.0.weight is shared and of task 'a'"),
        (Swaps, "says that gates.0 are of another task alone, and task 'a' reads them"),
        (NoBlocks, "`blocks` of .* has none that a, b reads"),
        (Penalty, r"`penalty` of .* returns shape \(2,\)"),
    ],
)
def test_a_wrong_policy_is_refused(policy: type[RightPolicy], told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        check_policy(built(policy), "mine", BATCH)
    assert caught.value.path == "model.sharing"
