"""Updates on matrices are torch's own, to the last digits of float64."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import nn

from mtl_search.training.packs.flat_parameters import FlatParameters
from mtl_search.training.packs.optimizers import RULES, reason_against

MEMBERS = 3
SETTINGS: list[tuple[type[Any], dict[str, Any]]] = [
    (torch.optim.SGD, {"weight_decay": 0.1}),
    (torch.optim.SGD, {"momentum": 0.9}),
    (torch.optim.SGD, {"momentum": 0.9, "nesterov": True, "weight_decay": 0.1}),
    (torch.optim.Adam, {"weight_decay": 0.1, "betas": (0.8, 0.99)}),
    (torch.optim.AdamW, {"weight_decay": 0.1}),
]


def _networks() -> list[nn.Module]:
    torch.manual_seed(0)
    return [
        nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1)).double() for _ in range(MEMBERS)
    ]


@pytest.mark.parametrize(("kind", "arguments"), SETTINGS)
def test_fifty_steps_are_those_of_torch(kind: type[Any], arguments: dict[str, Any]) -> None:
    ours, theirs = _networks(), _networks()
    rates = [0.01 * (number + 1) for number in range(MEMBERS)]
    own = [kind(n.parameters(), lr=rate, **arguments) for n, rate in zip(ours, rates, strict=True)]
    reference = [
        kind(n.parameters(), lr=rate, **arguments) for n, rate in zip(theirs, rates, strict=True)
    ]
    parameters = FlatParameters(ours)
    optimizer = RULES[kind](own, parameters)
    generator = torch.Generator().manual_seed(1)
    for _ in range(50):
        gradient = torch.randn(parameters.matrix.shape, generator=generator, dtype=torch.float64)
        for member, (network, other) in enumerate(zip(theirs, reference, strict=True)):
            rows = parameters.rows_of(gradient.clone(), member)
            for parameter, row in zip(network.parameters(), rows, strict=True):
                parameter.grad = row
            other.step()
        optimizer.step(gradient)
    for mine, other in zip(ours, theirs, strict=True):
        for a, b in zip(mine.parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(a, b, rtol=0, atol=1e-9)
    for member, (mine, other) in enumerate(zip(own, reference, strict=True)):
        optimizer.publish(member)
        for a, b in zip(mine.state.values(), other.state.values(), strict=False):
            for name in RULES[kind].moments:
                if b.get(name) is not None:
                    torch.testing.assert_close(a[name], b[name], rtol=0, atol=1e-9)


def test_other_optimizers_are_told_by_name() -> None:
    parameters = [torch.zeros(1)]
    assert reason_against(torch.optim.RMSprop(parameters)) == "the optimizer RMSprop"
    assert reason_against(torch.optim.AdamW(parameters, amsgrad=True)) == "AdamW with amsgrad"
    assert reason_against(torch.optim.Adam(parameters)) == ""
