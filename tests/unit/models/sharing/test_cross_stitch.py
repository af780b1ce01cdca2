"""Cross-stitch: against a network wired by hand, where it starts from, and its own limit."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_search.errors import ConfigError
from mtl_search.models.backbones import BACKBONES
from mtl_search.models.sharing.cross_stitch import CrossStitch
from mtl_search.models.sharing.hard import HardSharing
from mtl_search.models.stage import Stage, parameter_count

WIDTHS = (7, 5)
TASKS = ("a", "b", "c")
ONE_VIEW = {"a": ("x",), "b": ("x",), "c": ("x",)}
THREE_VIEWS = {"a": ("x",), "b": ("y",), "c": ("x", "y")}


def _stages() -> list[Stage]:
    return BACKBONES["mlp"]((6,), widths=WIDTHS)


def _stitched(views: Mapping[str, Sequence[str]] = THREE_VIEWS, **arguments: Any) -> CrossStitch:
    torch.manual_seed(0)
    return CrossStitch(_stages, views, **arguments)


def _inputs() -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return {view: torch.randn(8, 6, generator=generator) for view in ("x", "y")}


def _by_hand(sharing: CrossStitch, x: Tensor) -> list[Tensor]:
    """Features of each column for one view."""
    columns = [list(column) for column in sharing.columns.values()]  # type: ignore[call-overload]
    features = [x] * len(columns)
    for i in range(len(WIDTHS)):
        features = [column[i](y) for column, y in zip(columns, features, strict=True)]
        a = sharing.mixtures[i]
        features = [
            sum(a[k, m] * features[m] for m in range(len(columns))) for k in range(len(columns))
        ]
    return features


@pytest.mark.parametrize("views", [ONE_VIEW, THREE_VIEWS], ids=["one view", "three views"])
def test_features_are_those_of_a_network_wired_by_hand(views: Mapping[str, Sequence[str]]) -> None:
    sharing, inputs = _stitched(views, keep=0.6), _inputs()
    with torch.no_grad():
        for mixture in sharing.mixtures:
            mixture.add_(torch.rand_like(mixture))
    features = sharing(inputs)
    for k, task in enumerate(TASKS):
        for view, x in zip(views[task], features[task], strict=True):
            torch.testing.assert_close(x, _by_hand(sharing, inputs[view])[k])


def test_mixtures_start_with_their_own_column() -> None:
    (first, _) = _stitched(keep=0.8).mixtures
    torch.testing.assert_close(first, torch.full((3, 3), 0.1) + 0.7 * torch.eye(3))
    torch.testing.assert_close(first.sum(1), torch.ones(3))


def test_keeping_all_is_separate_networks() -> None:
    stitched = _stitched(keep=1.0)
    torch.manual_seed(0)
    hard = HardSharing(_stages, THREE_VIEWS, depth=0)
    torch.testing.assert_close(stitched(_inputs()), hard(_inputs()))


def test_keeping_the_share_of_one_makes_all_columns_one() -> None:
    features = _stitched(ONE_VIEW, keep=1 / 3)(_inputs())
    torch.testing.assert_close(features["a"], features["b"])


def test_the_mixtures_learn() -> None:
    sharing = _stitched()
    before = [mixture.detach().clone() for mixture in sharing.mixtures]
    optimizer = torch.optim.SGD(sharing.parameters(), lr=0.1)
    features = sharing(_inputs())
    torch.stack([x.square().sum() for task in TASKS for x in features[task]]).sum().backward()
    optimizer.step()
    assert all(not torch.equal(p, q) for p, q in zip(before, sharing.mixtures, strict=True))


def test_it_has_a_column_a_task_and_a_matrix_a_stage() -> None:
    size = sum(parameter_count(stage) for stage in _stages())
    sharing = _stitched()
    assert parameter_count(sharing) == 3 * size + 2 * 9
    blocks = sharing.blocks()
    assert [block.label for block in blocks] == [
        *["dense 7"] * 3,
        "cross-stitch",
        *["dense 5"] * 3,
        "cross-stitch",
    ]
    assert [block.reads for block in blocks] == [(), (), (), (0, 1, 2), (3,), (3,), (3,), (4, 5, 6)]
    assert [block.column for block in blocks] == [*TASKS, None, *TASKS, None]
    assert sharing.depth is None


def test_a_single_task_is_its_own_network() -> None:
    sharing = _stitched({"a": ("x",)})
    assert not sharing.mixtures
    assert sharing.shared_parameters() == []
    assert len(sharing.task_parameters("a")) == 2 * len(WIDTHS)


@pytest.mark.parametrize("keep", [-0.1, 1.1, "all", None, True])
def test_a_share_outside_0_to_1_is_refused(keep: object) -> None:
    with pytest.raises(ConfigError) as caught:
        _stitched(keep=keep)
    assert caught.value.path == "model.sharing.keep"
