"""Stages of the user's give what they publish, sample by sample."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from mtl_search.errors import ConfigError
from mtl_search.models.backbones.stages import MaskedStage
from mtl_search.models.contracts.stages import check_stages
from mtl_search.models.stage import Stage

X = torch.randn(4, 6)


class Function(nn.Module):
    """A function after a linear layer."""

    def __init__(self, function: Any, inputs: int = 6) -> None:
        super().__init__()
        self.layer = nn.Linear(inputs, 3)
        self.function = function

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Any:
        return self.function(self.layer(x))


def stage(function: Any, width: int = 3, kind: Any = "vector") -> Stage:
    return Stage(Function(function), width, "own", kind)


def test_right_stages_pass_and_stay_as_they_were() -> None:
    stages = [stage(torch.relu), Stage(nn.Linear(3, 2), 2, "last")]
    check_stages(stages, "mine", X)
    assert all(part.training for part in stages)
    assert all(p.grad is None for part in stages for p in part.parameters())


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (stage(torch.relu, width=4), r"gives shape \(4, 3\) .* needed is \(4, 4\)"),
        (stage(torch.relu, kind="tokens"), r"kind 'tokens': needed is \(4, tokens, 3\)"),
        (stage(torch.relu, kind="vectors"), "publishes features of kind 'vectors'"),
        (stage(lambda x: (x, x)), r"gives a tuple of shape \(4, 3\) and shape \(4, 3\)"),
        (stage(lambda x: x[:2]), r"gives shape \(2, 3\) for 4 samples"),
        (stage(lambda x: x.argmax(1, keepdim=True) + 0 * x.long()), "and type torch.int64 for 4"),
        (stage(lambda x: x.reshape(4, 3)), "fails on shape .*, a smaller batch: RuntimeError"),
        (stage(lambda x: x - x.mean(0)), "other values for the same samples in a smaller batch"),
        (stage(lambda x: x.detach()), "no gradient comes through stage 0"),
        (stage(lambda x: (x > 0).float() + 1 / (x * 0)), "not finite"),
        (stage(lambda x: x @ torch.ones(9)), r"fails on shape \(4, 6\): RuntimeError"),
    ],
)
def test_a_wrong_stage_is_refused(wrong: Stage, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        check_stages([wrong], "mine", X)
    assert caught.value.path == "model.backbone"


def test_idle_parameters_are_told(caplog: pytest.LogCaptureFixture) -> None:
    idle = stage(torch.relu)
    idle.add_module("never", nn.Linear(2, 2))
    with caplog.at_level(logging.WARNING):
        check_stages([idle], "idle", X)
    assert "no gradient reaches never.weight, never.bias of stage 0" in caplog.text


def test_padding_that_leaks_is_told(caplog: pytest.LogCaptureFixture) -> None:
    x, mask = torch.randn(4, 5, 6), torch.arange(5).expand(4, 5) < 3
    leaks = MaskedStage(Function(lambda x: x + x.mean(1, keepdim=True)), 3, "mean", "tokens")
    with caplog.at_level(logging.WARNING):
        check_stages([MaskedStage(Function(torch.relu), 3, "own", "tokens")], "apart", x, mask)
        assert not caplog.records
        check_stages([leaks], "leaks", x, mask)
    assert "the backbone 'leaks' lets padding change the features of real tokens" in caplog.text
