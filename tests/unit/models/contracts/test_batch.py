"""The small batch, and the words for what parts do with it."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from mtl_search.errors import ConfigError
from mtl_search.models.contracts.batch import (
    evaluated,
    is_close,
    small_batch,
    tried,
    without_gradient,
)
from tests.support import small_sweeps as small


def test_the_batch_is_of_training_samples() -> None:
    batch = small_batch(small.DATA)
    assert batch.rows.tolist() == small.DATA.splits["train"][:4].tolist()
    assert {view: tuple(x.shape) for view, x in batch.inputs.items()} == {"x": (4, 6), "y": (4, 6)}
    assert torch.equal(batch.part(2).inputs["x"], batch.inputs["x"][:2])


def test_evaluation_ends_as_it_began() -> None:
    one, two = nn.Dropout(), nn.Dropout().eval()
    torch.manual_seed(0)
    expected = torch.rand(())
    torch.manual_seed(0)
    with evaluated(one, two):
        assert not one.training
        torch.rand(5)
    assert (one.training, two.training) == (True, False)
    assert torch.rand(()) == expected


def test_an_error_of_a_part_is_one_sentence() -> None:
    with pytest.raises(ConfigError) as caught, tried("it", "model", "nothing"):
        raise ValueError("no\nway")
    assert str(caught.value) == "model: it fails on nothing: ValueError: no"


def test_close_is_relative() -> None:
    assert is_close(torch.tensor([1e6]), torch.tensor([1e6 + 1]))
    assert not is_close(torch.tensor([1.0]), torch.tensor([1.1]))
    assert is_close(torch.empty(0), torch.empty(0))


def test_parameters_without_a_gradient_are_named() -> None:
    module = nn.ModuleDict({"used": nn.Linear(2, 1), "idle": nn.Linear(2, 1)})
    module["idle"].get_parameter("bias").requires_grad = False
    total = module["used"](torch.ones(3, 2)).sum()
    assert without_gradient(module, total) == ["idle.weight"]
    assert without_gradient(module, torch.zeros(())) == ["used.weight", "used.bias", "idle.weight"]
    assert module["used"].get_parameter("weight").grad is None
