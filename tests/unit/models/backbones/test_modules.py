"""Plain modules become stages that compute what the module computes."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mtl_search.models.backbones.modules import as_stages
from mtl_search.models.backbones.partition import PartitionError
from mtl_search.models.backbones.stages import MaskedStage
from mtl_search.models.stage import Stage, run_stages

FLOAT = np.dtype("float32")
IMAGE = (1, 8, 8)


def convnet() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 8, 3),
        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5),
    )  # fmt: skip


def described(stages: Sequence[Stage]) -> list[tuple[int, str]]:
    return [(stage.width, stage.kind) for stage in stages]


def test_a_sequence_is_cut_before_each_layer_with_a_matrix() -> None:
    module = convnet().eval()
    stages = as_stages(module, IMAGE, FLOAT)
    assert described(stages) == [(4, "map"), (8, "vector"), (5, "vector")]
    x = torch.randn(3, *IMAGE)
    assert torch.equal(run_stages(stages, x, None), module(x))
    parameters = [p for stage in stages for p in stage.parameters()]
    assert list(map(id, parameters)) == list(map(id, module.parameters()))


def test_a_list_says_itself_where_it_may_be_cut() -> None:
    parts = [nn.Sequential(nn.Linear(4, 6), nn.ReLU()), nn.ReLU(), Stage(nn.Linear(6, 2), 2, "own")]
    stages = as_stages(parts, (4,), FLOAT)
    assert described(stages) == [(6, "vector"), (6, "vector"), (2, "vector")]
    assert stages[2].label == "own"
    own = [Stage(nn.Linear(4, 2), 2, "own")]
    assert as_stages(own, (4,), FLOAT) == own


def test_an_activation_may_stand_in_a_sequence_twice() -> None:
    relu = nn.ReLU()
    stages = as_stages(nn.Sequential(nn.Linear(4, 5), relu, nn.Linear(5, 3), relu), (4,), FLOAT)
    assert described(stages) == [(5, "vector"), (3, "vector")]


def test_layers_that_learn_their_width_are_built_with_weights() -> None:
    stages = as_stages(nn.Sequential(nn.LazyLinear(6), nn.ReLU(), nn.LazyLinear(2)), (4,), FLOAT)
    assert sum(p.numel() for stage in stages for p in stage.parameters()) == 4 * 6 + 6 + 6 * 2 + 2


def test_whole_numbers_are_tokens() -> None:
    module = nn.Sequential(nn.Embedding(9, 6), nn.Linear(6, 4))
    assert described(as_stages(module, (5,), np.dtype("int64"))) == [(6, "tokens"), (4, "tokens")]


class Pool(nn.Module):
    """The mean of real tokens."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        weights = torch.ones(x.shape[:2]) if mask is None else mask.float()
        return (x * weights.unsqueeze(2)).sum(1) / weights.sum(1, keepdim=True)


def test_a_module_that_asks_for_the_mask_gets_it() -> None:
    first, last = as_stages(nn.Sequential(nn.Linear(2, 3), Pool(), nn.Linear(3, 1)), (4, 2), FLOAT)
    assert isinstance(first, MaskedStage)
    assert described([first, last]) == [(3, "vector"), (1, "vector")]
    x, mask = torch.randn(2, 4, 2), torch.tensor([[True, True, False, False]] * 2)
    other = x.clone()
    other[:, 2:] = 9
    assert torch.equal(first(x, mask), first(other, mask))


class Untraceable(nn.Module):
    """A module whose path depends on its input."""

    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.one(x)
        if x.sum() > 1e9:
            x = x + 1
        return self.two(x)  # type: ignore[no-any-return]


def test_what_cannot_be_cut_is_one_stage_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            assert described(as_stages(Untraceable(), (4,), FLOAT)) == [(4, "vector")]
    (record,) = caplog.records
    assert record.getMessage() == (
        "the backbone Untraceable is one stage, so that tasks share all of it or nothing: its "
        "`forward` cannot be traced; return a list of modules to say where it may be cut"
    )


@pytest.mark.parametrize(
    ("built", "shape", "told"),
    [
        (3, (4,), "gives a int, and needed is a list of mtl_search.Stage, or a module of torch"),
        ([], (4,), "gives a list, and needed"),
        ([nn.ReLU(), 3], (4,), "gives a list, and needed"),
        (nn.LSTM(4, 5, batch_first=True), (3, 4), "returns a tuple, and needed are features"),
        (nn.Sequential(nn.Linear(9, 2)), (4,), r"cannot be run on a view of shape \(2, 4\)"),
        (nn.Sequential(nn.Conv1d(1, 3, 2)), (1, 8), "a Conv1d, which are read as"),
    ],
)
def test_what_is_no_backbone_is_refused(built: object, shape: tuple[int, ...], told: str) -> None:
    with pytest.raises(PartitionError, match=told):
        as_stages(built, shape, FLOAT)


def test_the_weights_of_the_next_copy_do_not_depend_on_the_cutting() -> None:
    torch.manual_seed(0)
    convnet()
    expected = torch.rand(())
    torch.manual_seed(0)
    as_stages(convnet(), IMAGE, FLOAT)
    assert torch.rand(()) == expected
