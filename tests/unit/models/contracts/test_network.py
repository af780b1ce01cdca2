"""The user's parts of a network are run on samples of the data; ours alone are not."""

from __future__ import annotations

from typing import Any

import pytest
from torch import Tensor, nn

from mtl_search.errors import ConfigError
from mtl_search.models.build import build_network
from mtl_search.models.contracts.network import check_own_parts
from tests.support import small_sweeps as small
from tests.support.own_parts import RightHead

HERE = __name__


class DetachedHead(RightHead):
    """A head whose layers never learn."""

    def forward(self, *features: Tensor, masks: Any = ()) -> Tensor:
        return super().forward(*features, masks=masks).detach()


class Samplewise(nn.Module):
    """A backbone that works on its sample and fails on the data."""

    def __init__(self, input_shape: tuple[int, ...]) -> None:
        super().__init__()
        self.layer = nn.Linear(input_shape[0], 3)

    def forward(self, x: Tensor) -> Tensor:
        if (x < 0).any():
            raise ValueError("below 0")
        return self.layer(x)  # type: ignore[no-any-return]


def check(changes: dict[str, Any]) -> None:
    config = small.config(changes)
    check_own_parts(config, build_network(config, small.DATA), small.DATA)


def test_ours_pass() -> None:
    check({})


@pytest.mark.parametrize(
    ("changes", "path", "told"),
    [
        ({"tasks.size.head": f"{HERE}:DetachedHead"}, "tasks.size.head", "no gradient reaches"),
        ({"model.backbone": f"{HERE}:Samplewise"}, "model.backbone", "ValueError: below 0"),
    ],
)
def test_parts_are_run_on_the_data(changes: dict[str, Any], path: str, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        check(changes)
    assert caught.value.path == path
