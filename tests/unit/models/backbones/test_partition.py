"""Partition of foreign models: which parts run, how they are grouped, and what is refused."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mtl_search.models.backbones.partition import (
    PartitionError,
    check_equal,
    group_parts,
    in_eval_mode,
    open_main_sequence,
    outermost_calls,
    to_stages,
)


class Plain(nn.Module):
    """Runs `stem`, the sequence `blocks`, then `norm`; `unused` never."""

    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Linear(3, 3)
        self.norm = nn.LayerNorm(6)
        self.blocks = nn.Sequential(nn.Linear(4, 5), nn.Linear(5, 6))
        self.stem = nn.Linear(2, 4)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.norm(self.blocks(self.stem(x)))
        return y


X = torch.randn(3, 2, generator=torch.Generator().manual_seed(0))


def test_outermost_calls_are_in_the_order_in_which_they_run() -> None:
    model = Plain()
    parts, output = outermost_calls(model, lambda: model(X))
    assert [name for name, _ in parts] == ["stem", "blocks", "norm"]
    assert torch.equal(output, model(X))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_hooks_are_removed_when_the_call_fails() -> None:
    model = Plain()
    with pytest.raises(RuntimeError):
        outermost_calls(model, lambda: model(torch.randn(3, 99)))
    assert not any(m._forward_hooks or m._forward_pre_hooks for m in model.modules())


def test_the_main_sequence_is_opened_in_its_place() -> None:
    model = Plain()
    parts, _ = outermost_calls(model, lambda: model(X))
    names = [name for name, _ in open_main_sequence(parts)]
    assert names == ["stem", "blocks.0", "blocks.1", "norm"]


def test_one_of_several_large_sequences_is_not_opened() -> None:
    parts: list[tuple[str, nn.Module]] = [
        (f"layer{i}", nn.Sequential(nn.Linear(4, 4))) for i in range(4)
    ]
    assert open_main_sequence(parts) == parts


class Looped(nn.Sequential):
    """A sequence with a forward of its own, whose parts alone are not what it computes."""

    def forward(self, x: Tensor) -> Tensor:
        return self[0](self[0](x))  # type: ignore[no-any-return]


def test_a_sequence_with_a_forward_of_its_own_is_not_opened() -> None:
    parts: list[tuple[str, nn.Module]] = [("looped", Looped(nn.Linear(4, 4)))]
    assert open_main_sequence(parts) == parts


def test_parts_without_a_matrix_join_the_part_before_them() -> None:
    parts: list[tuple[str, nn.Module]] = [
        ("dropout", nn.Dropout()),
        ("one", nn.Linear(2, 2)),
        ("norm", nn.BatchNorm1d(2)),
        ("relu", nn.ReLU()),
        ("two", nn.Linear(2, 2)),
    ]
    names = [[name for name, _ in group] for group in group_parts(parts)]
    assert names == [["dropout", "one", "norm", "relu"], ["two"]]


def test_stages_have_the_widths_and_kinds_of_their_features() -> None:
    groups: list[list[tuple[str, nn.Module]]] = [
        [("conv", nn.Conv2d(1, 4, 3))],
        [("flat", nn.Flatten(2))],
        [("pool", nn.Flatten(1))],
    ]
    stages, y = to_stages(groups, torch.zeros(2, 1, 5, 7))
    assert [(s.kind, s.width) for s in stages] == [("map", 4), ("tokens", 15), ("vector", 60)]
    assert stages[0].label == "conv 4"
    assert y.shape == (2, 60)


class Pair(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        return x, x


def test_parts_that_make_no_stages_are_named() -> None:
    linear = nn.Linear(2, 2)
    with pytest.raises(PartitionError, match="'again' runs more than once"):
        to_stages([[("first", linear)], [("again", linear)]], X)
    with pytest.raises(PartitionError, match="'wide' does not go on from the part before it"):
        to_stages([[("wide", nn.Linear(9, 2))]], X)
    with pytest.raises(PartitionError, match="'pair' gives no features"):
        to_stages([[("pair", Pair())]], X)


@pytest.mark.parametrize("value", [1.001, float("nan")])
def test_another_output_is_refused(value: float) -> None:
    ours = torch.tensor([1.0, value])
    with pytest.raises(PartitionError, match="differ from its own forward"):
        check_equal(ours, torch.ones(2))
    with pytest.raises(PartitionError, match=r"give \(2,\), and itself \(3,\)"):
        check_equal(ours, torch.ones(3))


def test_rounding_is_no_difference() -> None:
    check_equal(torch.tensor([100.0, 0.001]), torch.tensor([100.0, 0.0]))


@pytest.mark.parametrize("training", [True, False])
def test_evaluation_mode_ends_with_the_call(training: bool) -> None:
    model = Plain().train(training)
    modes = in_eval_mode(model, lambda: (model.training, torch.is_grad_enabled()))
    assert modes == (False, False)
    assert model.training is training
    assert torch.is_grad_enabled()


def test_the_mode_is_put_back_when_the_call_fails() -> None:
    model = Plain().train()
    with pytest.raises(ZeroDivisionError):
        in_eval_mode(model, lambda: 1 / 0)
    assert model.training
