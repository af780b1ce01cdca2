"""Dropout of dense networks is drawn in the order in which a single network meets it."""

from __future__ import annotations

from pathlib import Path

import torch

from mtl_search.training.packs.dense.dropout import DenseDropouts
from mtl_search.training.packs.dense.plan import dense_plan
from mtl_search.training.runner import TrialRunner
from tests.support.packed import SAMPLES, settings
from tests.support.trials import OBJECTIVE, spec


def test_branches_draw_task_by_task(tmp_path: Path) -> None:
    sharing = {"name": "hard", "depth": 1}
    config = settings(**{"model.backbone.dropout": 0.5, "model.sharing": sharing})
    network = TrialRunner(SAMPLES, OBJECTIVE).build(spec(config, tmp_path)).network
    plan = dense_plan(network, config, [True] * 3)
    assert plan is not None
    dropouts = DenseDropouts(network, plan, [torch.Generator().manual_seed(7)])
    trunk, branches = dropouts.draw(4, torch.zeros(1))
    torch.manual_seed(7)
    drawn = [torch.empty(4, 8).bernoulli_(0.5) * 2 for _ in range(4)]
    assert torch.equal(trunk, drawn[0].unsqueeze(0))
    assert torch.equal(branches, torch.stack(drawn[1:]))


def test_without_dropout_there_are_no_masks(tmp_path: Path) -> None:
    network = TrialRunner(SAMPLES, OBJECTIVE).build(spec(settings(), tmp_path)).network
    plan = dense_plan(network, settings(), [True] * 3)
    assert plan is not None
    assert DenseDropouts(network, plan, []).draw(4, torch.zeros(1)) == []
