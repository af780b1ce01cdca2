"""Hard sharing: what is shared or a copy, how often each runs, and its size in closed form."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mtl_search.errors import ConfigError
from mtl_search.models.backbones import BACKBONES
from mtl_search.models.sharing import HardSharing
from mtl_search.models.stage import Stage, parameter_count, run_stages

WIDTHS = (7, 5, 4)
TASKS = ("a", "b", "c")
ONE_VIEW = {"a": ("x",), "b": ("x",), "c": ("x",)}
THREE_VIEWS = {"a": ("x",), "b": ("y",), "c": ("x", "y")}


def _stages() -> list[Stage]:
    return BACKBONES["mlp"]((6,), widths=WIDTHS)


def _sharing(depth: Any = None, views: Mapping[str, Sequence[str]] = ONE_VIEW) -> HardSharing:
    torch.manual_seed(0)
    return HardSharing(_stages, views, depth=depth)


def _inputs(seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {view: torch.randn(8, 6, generator=generator) for view in ("x", "y", "z")}


SIZES = [parameter_count(stage) for stage in _stages()]
EVERY_DEPTH = range(len(WIDTHS) + 1)


@pytest.mark.parametrize("depth", EVERY_DEPTH)
def test_parameters_follow_the_closed_form_at_every_depth(depth: int) -> None:
    expected = sum(p if depth > i else len(TASKS) * p for i, p in enumerate(SIZES))
    assert parameter_count(_sharing(depth)) == expected


@pytest.mark.parametrize("depths", list(itertools.product(EVERY_DEPTH, repeat=3)))
def test_parameters_follow_the_closed_form_at_every_depth_a_task(depths: tuple[int, ...]) -> None:
    expected = sum(
        p * (any(d > i for d in depths) + sum(d <= i for d in depths)) for i, p in enumerate(SIZES)
    )
    by_task = dict(zip(TASKS, depths, strict=True))
    sharing = _sharing(by_task)
    assert parameter_count(sharing) == expected
    assert _sharing().parameters_at(by_task) == expected
    assert sharing.parameters_at(2) == parameter_count(_sharing(2))


def test_all_stages_are_shared_unless_told_otherwise() -> None:
    assert _sharing().depths == dict.fromkeys(TASKS, 3)
    assert _sharing({"b": 1}).depths == {"a": 3, "b": 1, "c": 3}


def test_a_stage_of_the_trunk_that_one_task_reads_is_that_tasks_own() -> None:
    sharing = _sharing({"a": 3, "b": 1, "c": 0})
    assert sum(p.numel() for p in sharing.shared_parameters()) == SIZES[0]
    assert sum(p.numel() for p in sharing.task_parameters("a")) == SIZES[1] + SIZES[2]
    assert sum(p.numel() for p in sharing.task_parameters("c")) == sum(SIZES)


def test_a_single_task_shares_nothing() -> None:
    sharing = _sharing(views={"a": ("x",)})
    assert sharing.shared_parameters() == []
    assert sum(p.numel() for p in sharing.task_parameters("a")) == sum(SIZES)


def test_copies_start_apart_and_diverge_while_the_trunk_stays_one() -> None:
    sharing = _sharing(1)
    a, b = sharing.branch("a"), sharing.branch("b")
    assert len(a) == len(b) == 2
    for one, two in zip(a, b, strict=True):
        assert not torch.equal(next(one.parameters()), next(two.parameters()))
    trunk = sharing.trunk[0]
    before = [p.clone() for p in sharing.task_parameters("b")]
    trunk_before = [p.clone() for p in trunk.parameters()]
    optimizer = torch.optim.SGD(sharing.parameters(), lr=0.1)
    sharing(_inputs())["a"][0].sum().backward()
    optimizer.step()
    assert sharing.trunk[0] is trunk
    assert all(torch.equal(p, q) for p, q in zip(sharing.task_parameters("b"), before, strict=True))
    assert any(not torch.equal(p, q) for p, q in zip(trunk.parameters(), trunk_before, strict=True))


def test_full_depth_gives_all_tasks_of_a_view_the_very_same_features() -> None:
    features = _sharing()(_inputs())
    assert features["a"][0] is features["b"][0]


@pytest.mark.parametrize(
    "depths", [(3, 3, 3), (0, 0, 0), (1, 1, 1), (0, 1, 2), (3, 1, 0), (2, 3, 1), (1, 3, 2)]
)
@pytest.mark.parametrize("views", [ONE_VIEW, THREE_VIEWS], ids=["one view", "three views"])
def test_features_are_those_of_a_network_wired_by_hand(depths: tuple[int, ...], views: Any) -> None:
    sharing = _sharing(dict(zip(TASKS, depths, strict=True)), views)
    inputs = _inputs()
    features = sharing(inputs)
    for task, depth in zip(TASKS, depths, strict=True):
        own = [*sharing.trunk[:depth], *sharing.branch(task)]
        assert len(own) == len(WIDTHS)
        assert len(features[task]) == len(views[task])
        for view, x in zip(views[task], features[task], strict=True):
            torch.testing.assert_close(x, run_stages(own, inputs[view], None))


@pytest.mark.parametrize("depth", EVERY_DEPTH)
def test_gradients_are_those_of_a_network_wired_by_hand(depth: int) -> None:
    sharing, inputs = _sharing(depth, THREE_VIEWS), _inputs()

    def total(features: Mapping[str, Sequence[Tensor]]) -> Tensor:
        return torch.stack(
            [(k + 1) * x.square().sum() for k, t in enumerate(TASKS) for x in features[t]]
        ).sum()

    by_hand = {
        task: [
            run_stages([*sharing.trunk[:depth], *sharing.branch(task)], inputs[view], None)
            for view in views
        ]
        for task, views in THREE_VIEWS.items()
    }
    ours = torch.autograd.grad(total(sharing(inputs)), list(sharing.parameters()))
    theirs = torch.autograd.grad(total(by_hand), list(sharing.parameters()))
    for one, two in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, two)


def test_siamese_views_in_one_batch_equal_separate_runs_in_eval_mode() -> None:
    torch.manual_seed(0)
    sharing = HardSharing(
        lambda: BACKBONES["convnet"]((1, 8, 8), channels=[4, 6], dense=[5]),
        {"pair": ("x", "y")},
        depth=2,
    )
    inputs = {view: torch.randn(5, 1, 8, 8) for view in ("x", "y")}
    sharing(inputs)  # moves the running statistics away from where they start
    sharing.eval()
    left, right = sharing(inputs)["pair"]
    stages = [*sharing.trunk, *sharing.branch("pair")]
    torch.testing.assert_close(left, run_stages(stages, inputs["x"], None))
    torch.testing.assert_close(right, run_stages(stages, inputs["y"], None))


class Counting(Stage):
    """Remembers the batch of each call."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(6, 6), 6, "counting 6")
        self.batches: list[int] = []

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        self.batches.append(len(x))
        return super().forward(x, mask)


def _calls(stage: nn.Module) -> list[int]:
    assert isinstance(stage, Counting)
    return stage.batches


# Depths of a (view x), b (view y), c (views x and y), and the calls of each stage of the trunk in
# batches of 8 samples.
RUNS = [
    ((3, 3, 3), [[16], [16], [16]]),
    ((3, 1, 0), [[16], [8], [8]]),
    ((0, 2, 0), [[8], [8]]),
    ((1, 2, 1), [[16], [8]]),
    ((0, 0, 0), []),
]


@pytest.mark.parametrize(("depths", "calls"), RUNS)
def test_a_stage_of_the_trunk_runs_once_and_only_on_views_that_go_on(
    depths: tuple[int, ...], calls: list[list[int]]
) -> None:
    by_task = dict(zip(TASKS, depths, strict=True))
    sharing = HardSharing(lambda: [Counting() for _ in range(3)], THREE_VIEWS, depth=by_task)
    sharing(_inputs())
    assert [_calls(stage) for stage in sharing.trunk] == calls
    for task, views in THREE_VIEWS.items():
        assert all(_calls(stage) == [8 * len(views)] for stage in sharing.branch(task))


class MeanOfRealTokens(Stage):
    """Mixes tokens, so a wrong mask shows."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(6, 6), 6, "mixing 6", "tokens")

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        real = torch.ones(x.shape[:2], dtype=torch.bool) if mask is None else mask
        mean = (x * real.unsqueeze(2)).sum(1, keepdim=True) / real.sum(1).view(-1, 1, 1)
        return super().forward(x, mask) + mean


@pytest.mark.parametrize("depth", [0, 1, 2, {"a": 2, "b": 1, "c": 0}])
@pytest.mark.parametrize("masked", [("x", "y"), ("x",), ("y",), ()])
def test_each_view_keeps_its_own_mask(depth: Any, masked: tuple[str, ...]) -> None:
    sharing = HardSharing(
        lambda: [MeanOfRealTokens(), MeanOfRealTokens()], THREE_VIEWS, depth=depth
    )
    generator = torch.Generator().manual_seed(0)
    inputs = {view: torch.randn(3, 4, 6, generator=generator) for view in ("x", "y")}
    masks = {view: torch.rand(3, 4, generator=generator) < 0.7 for view in masked}
    for mask in masks.values():
        mask[:, 0] = True
    features = sharing(inputs, masks)
    for task, views in THREE_VIEWS.items():
        own = [*sharing.trunk[: sharing.depths[task]], *sharing.branch(task)]
        for view, x in zip(views, features[task], strict=True):
            torch.testing.assert_close(x, run_stages(own, inputs[view], masks.get(view)))


def test_blocks_say_who_reads_what() -> None:
    blocks = _sharing({"a": 2, "b": 1, "c": 2}, THREE_VIEWS).blocks()
    assert [(block.label, block.tasks, block.views, block.reads) for block in blocks] == [
        ("dense 7", ("a", "b", "c"), ("x", "y"), ()),
        ("dense 5", ("a", "c"), ("x", "y"), (0,)),
        ("dense 4", ("a",), ("x",), (1,)),
        ("dense 5", ("b",), ("y",), (0,)),
        ("dense 4", ("b",), ("y",), (3,)),
        ("dense 4", ("c",), ("x", "y"), (1,)),
    ]


def test_a_view_passes_the_trunk_only_as_far_as_a_task_needs_it() -> None:
    blocks = _sharing({"a": 3, "b": 1, "c": 0}, THREE_VIEWS).blocks()
    assert [block.views for block in blocks[:3]] == [("x", "y"), ("x",), ("x",)]
    assert blocks[-3].reads == (), "the first copy of c reads its views themselves"


def test_the_same_seed_builds_the_same_network() -> None:
    one, two = _sharing(1).state_dict(), _sharing(1).state_dict()
    assert all(torch.equal(one[key], two[key]) for key in one)


@pytest.mark.parametrize("depth", [-1, 4, 1.5, "all", True])
def test_a_depth_out_of_range_is_refused(depth: object) -> None:
    with pytest.raises(ConfigError, match="from 0 to 3") as caught:
        _sharing(depth)
    assert caught.value.path == "model.sharing.depth"


def test_a_depth_of_a_task_out_of_range_is_refused() -> None:
    with pytest.raises(ConfigError, match="from 0 to 3") as caught:
        _sharing({"b": 5})
    assert caught.value.path == "model.sharing.depth.b"


def test_a_depth_for_a_task_that_does_not_exist_names_the_nearest() -> None:
    views = {"left": ("x",), "right": ("x",)}
    with pytest.raises(ConfigError, match="did you mean 'left'") as caught:
        _sharing({"lefd": 1}, views)
    assert caught.value.path == "model.sharing.depth"


def test_numpy_integers_are_depths() -> None:
    assert _sharing(np.int64(2)).depths["a"] == 2
