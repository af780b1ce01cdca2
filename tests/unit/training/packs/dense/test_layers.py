"""Copies of layers run at once as they run by themselves."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mtl_search.training.packs.dense.layers import CopiedLayers, has_rule, leaves

MEMBERS, COPIES, SAMPLES = 3, 2, 5


def _stack(layers: list[nn.Module]) -> nn.Sequential:
    return nn.Sequential(*layers)


def _layers() -> list[nn.Module]:
    return [
        nn.Flatten(),
        nn.Linear(6, 4),
        nn.LayerNorm(4),
        nn.GELU(),
        nn.Linear(4, 3, bias=False),
        nn.Tanh(),
    ]


@pytest.mark.parametrize("read_by_all", [False, True])
@pytest.mark.parametrize("first", [0, 1, 3])
def test_copies_give_what_each_gives_alone(first: int, read_by_all: bool) -> None:
    torch.manual_seed(0)
    networks = [[_stack(_layers()[first:]) for _ in range(COPIES)] for _ in range(MEMBERS)]
    for p in [p for own in networks for network in own for p in network.parameters()]:
        nn.init.normal_(p)
    copied = CopiedLayers([list(network) for network in networks[0]])
    assert [len(block) for block in copied.blocks] == [COPIES] * len(copied.blocks)
    stacks = [list(zip(*[n.parameters() for n in own], strict=True)) for own in networks]
    parameters = [
        torch.stack([torch.stack(list(own[number])) for own in stacks])
        for number in range(len(copied.blocks))
    ]
    shape = (2, 3) if first == 0 else (6,) if first == 1 else (4,)
    x = torch.randn(MEMBERS, COPIES, SAMPLES, *shape)
    if read_by_all:
        x = x[:, :1].expand_as(x)
    given = x[:, 0] if read_by_all else x.flatten(0, 1)
    y = copied.run(given, iter(parameters), None, read_by_all=read_by_all)
    wanted = [network(x[m, c]) for m, own in enumerate(networks) for c, network in enumerate(own)]
    torch.testing.assert_close(y, torch.stack(wanted))


def test_dropout_takes_its_masks() -> None:
    copied = CopiedLayers([[nn.Dropout(0.5)], [nn.Dropout(0.5)]])
    assert len(copied.dropouts) == 1
    mask = torch.tensor([[[0.0, 2.0]], [[2.0, 0.0]]])
    y = copied.run(torch.ones(2, 1, 2), iter(()), iter([mask]))
    assert torch.equal(y, mask)
    assert torch.equal(copied.run(torch.ones(2, 1, 2), iter(()), None), torch.ones(2, 1, 2))


def test_without_layers_all_copies_read_the_same() -> None:
    copied = CopiedLayers([[], []])
    assert copied.is_empty
    x: Tensor = torch.randn(3, 4, 2)
    assert torch.equal(copied.run(x, iter(()), None, read_by_all=True)[1], x[0])


def test_other_layers_have_no_rule() -> None:
    hooked = nn.Linear(2, 2)
    hooked.register_forward_hook(lambda module, inputs, output: output + 1)
    refused = [nn.BatchNorm1d(3), nn.Conv2d(1, 1, 1), nn.Flatten(0), nn.LayerNorm([2, 3]), hooked]
    assert not any(map(has_rule, refused))
    assert all(map(has_rule, [*_layers(), nn.Dropout(0.1), nn.Identity()]))


def test_leaves_are_in_the_order_of_a_pass() -> None:
    nested = nn.Sequential(nn.Linear(1, 2), nn.Sequential(nn.ReLU(), nn.Linear(2, 1)))
    assert [type(leaf).__name__ for leaf in leaves(nested)] == ["Linear", "ReLU", "Linear"]
