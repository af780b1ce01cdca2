"""Stages: what they run, and keys that are safe for torch."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from mtl_search.models.stage import Stage, parameter_count, run_stages, safe_key
from tests.support.networks import ODD_NAMES


def test_different_names_have_different_keys() -> None:
    assert len({safe_key(name) for name in ODD_NAMES}) == len(ODD_NAMES)
    nn.ModuleDict({safe_key(name): nn.Identity() for name in ODD_NAMES})


def test_a_sequence_is_run_layer_by_layer() -> None:
    body = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2))
    calls: list[str] = []
    body.register_forward_hook(lambda *_: calls.append("container"))
    stage = Stage(body, 2, "mlp 2")
    x = torch.randn(5, 3)
    y = stage(x)
    assert not calls
    assert torch.equal(y, body(x))
    assert calls == ["container"]


class Doubled(nn.Sequential):
    def forward(self, x: Tensor) -> Tensor:
        return 2 * self[0](x)  # type: ignore[no-any-return]


def test_a_sequence_with_a_forward_of_its_own_is_called() -> None:
    body = Doubled(nn.Linear(3, 2))
    x = torch.randn(5, 3)
    assert torch.equal(Stage(body, 2, "doubled 2")(x), 2 * body[0](x))


class Adding(Stage):
    """Adds the number of real tokens."""

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return x + (0 if mask is None else int(mask.sum()))


def test_stages_run_in_order_and_each_gets_the_mask() -> None:
    stages = [Adding(nn.Identity(), 1, "adding 1"), Stage(nn.Linear(1, 1), 1, "dense 1")]
    x, mask = torch.ones(1, 2, 1), torch.tensor([[True, True]])
    assert torch.equal(run_stages(stages, x, mask), stages[1](x + 2))
    assert torch.equal(run_stages(stages, x, None), stages[1](x))
    assert run_stages([], x, mask) is x


def test_a_parameter_that_is_used_twice_counts_once() -> None:
    linear = nn.Linear(3, 2)
    assert parameter_count(nn.ModuleList([linear, nn.Sequential(linear)])) == 8


def test_a_stage_is_a_vector_by_default() -> None:
    assert Stage(nn.Identity(), 3, "nothing 3").kind == "vector"
