"""What every sharing policy promises: who owns which parameters."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_search.models.backbones import BACKBONES
from mtl_search.models.sharing import SHARING
from mtl_search.models.stage import Stage, parameter_count
from tests.support.model_cases import SHARING_CASES

WIDTHS = (7, 5, 4)


TASKS = ("a", "b", "c")


THREE_VIEWS = {"a": ("x",), "b": ("y",), "c": ("x", "y")}


def _stages() -> list[Stage]:
    return BACKBONES["mlp"]((6,), widths=WIDTHS)


def _inputs(seed: int = 0) -> dict[str, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return {view: torch.randn(8, 6, generator=generator) for view in ("x", "y", "z")}


@pytest.mark.parametrize("name", SHARING)
def test_parameters_belong_to_one_task_or_are_shared(name: str) -> None:
    for arguments in SHARING_CASES[name]:
        make: Any = SHARING[name]
        policy = make(_stages, THREE_VIEWS, **arguments)
        owned = [policy.shared_parameters(), *(policy.task_parameters(task) for task in TASKS)]
        ids = [id(p) for parameters in owned for p in parameters]
        assert len(ids) == len(set(ids))
        assert set(ids) == {id(p) for p in policy.parameters()}
        blocks = [
            parameter_count(b.module) if b.module else sum(map(Tensor.numel, b.weights))
            for b in policy.blocks()
        ]
        assert sum(blocks) == parameter_count(policy)


@pytest.mark.parametrize("name", SHARING)
def test_a_task_reaches_its_own_and_the_shared_parameters_only(name: str) -> None:
    """Ownership as published is ownership as gradients show it."""
    for arguments in SHARING_CASES[name]:
        make: Any = SHARING[name]
        policy = make(_stages, THREE_VIEWS, **arguments)
        reached: dict[int, set[str]] = {id(p): set() for p in policy.parameters()}
        for task in TASKS:
            total = torch.stack([x.sum() for x in policy(_inputs())[task]]).sum()
            for p, gradient in zip(
                policy.parameters(),
                torch.autograd.grad(total, policy.parameters(), allow_unused=True),
                strict=True,
            ):
                reached[id(p)] |= set() if gradient is None else {task}
        for task in TASKS:
            assert all(reached[id(p)] == {task} for p in policy.task_parameters(task))
        assert all(len(reached[id(p)]) > 1 for p in policy.shared_parameters())
