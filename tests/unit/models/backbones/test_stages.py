"""Stages whose body reads the mask, and frozen stages."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from mtl_search.errors import ConfigError
from mtl_search.models.backbones.stages import FrozenStage, MaskedStage, freeze
from mtl_search.models.stage import Stage


class SumOfRealTokens(nn.Module):
    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return x.sum(1) if mask is None else (x * mask.unsqueeze(2)).sum(1)


def test_the_body_of_a_masked_stage_gets_the_mask() -> None:
    stage = MaskedStage(SumOfRealTokens(), 2, "sum 2")
    x = torch.ones(1, 3, 2)
    assert stage(x).tolist() == [[3.0, 3.0]]
    assert stage(x, torch.tensor([[True, False, False]])).tolist() == [[1.0, 1.0]]
    frozen = FrozenStage(stage)
    assert frozen(x, torch.tensor([[True, False, False]])).tolist() == [[1.0, 1.0]]


def _stages() -> list[Stage]:
    bodies = [nn.Sequential(nn.Linear(4, 4), nn.BatchNorm1d(4), nn.Dropout(0.5)) for _ in range(3)]
    return [Stage(body, 4, f"dense {i}") for i, body in enumerate(bodies)]


def test_only_the_leading_stages_are_frozen() -> None:
    stages = nn.ModuleList(freeze(_stages(), 2, "path"))
    assert [isinstance(stage, FrozenStage) for stage in stages] == [True, True, False]
    assert [stage.label for stage in stages] == ["dense 0", "dense 1", "dense 2"]
    learning = [any(p.requires_grad for p in stage.parameters()) for stage in stages]
    assert learning == [False, False, True]
    stages.train()
    training = [any(m.training for m in stage.modules()) for stage in stages]
    assert training == [False, False, True]


def test_a_frozen_stage_changes_nothing_in_training() -> None:
    stage = FrozenStage(_stages()[0]).train()
    before = {name: x.clone() for name, x in stage.state_dict().items()}
    x = torch.randn(8, 4)
    assert torch.equal(stage(x), stage(x))
    assert all(torch.equal(x, before[name]) for name, x in stage.state_dict().items())


@pytest.mark.parametrize("count", [-1, 4, "all", True])
def test_a_count_out_of_range_is_refused(count: object) -> None:
    with pytest.raises(ConfigError, match="from 0 to 3") as caught:
        freeze(_stages(), count, "model.backbone.freeze_stages")
    assert caught.value.path == "model.backbone.freeze_stages"
