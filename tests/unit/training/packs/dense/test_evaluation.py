"""Losses and metrics that are computed together are those of each member's evaluator."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from mtl_search.config import override
from mtl_search.training.packs.dense.evaluation import judge
from mtl_search.training.packs.dense.heads import HeadJudge
from mtl_search.training.packs.dense.plan import dense_plan
from mtl_search.training.packs.record import validation_labels
from mtl_search.training.runner import TrialRunner
from tests.support.packed import settings, specs
from tests.support.trials import OBJECTIVE, data

METRICS = {"tasks.kind.metrics": ["accuracy", "f1", "auroc"], "tasks.again.metrics": ["f1"]}


@pytest.mark.parametrize("missing", [False, True])
def test_members_are_judged_as_alone(missing: bool, tmp_path: Path) -> None:
    runner = TrialRunner(data(missing=missing, train=96), OBJECTIVE)
    again = {"head": "softmax", "view": "x", "target": "kind"}
    base = override(settings(), {"tasks.again": again, **METRICS})
    trainers = [runner.build(spec) for spec in specs(base, tmp_path)]
    network = trainers[0].network
    plan = dense_plan(network, base, [not missing] * 4)
    assert plan is not None
    numbers = {id(x): number for number, x in enumerate(network.buffers())}
    groups = [group for branch in plan.branches for group in branch.heads]
    judges = [HeadJudge(group, numbers, [0, 1, 2, 0]) for group in groups]
    own = [list(trainer.network.buffers()) for trainer in trainers]
    buffers = [torch.stack(list(same)) for same in zip(*own, strict=True)]
    labels = validation_labels(trainers)
    torch.manual_seed(0)
    outputs = [torch.randn(3, 16, *shape) for shape in ((3,), (), (), (3,))]
    for member, judged in enumerate(judge(judges, buffers, trainers, outputs, labels)):
        evaluator = trainers[member].evaluator
        tasks = list(trainers[member].heads)
        mine = {task: x[member] for task, x in zip(tasks, outputs, strict=True)}
        named = {name: x[member] for name, x in zip(("kind", "flag", "size"), labels, strict=True)}
        assert judged.losses == pytest.approx(evaluator.losses(mine, named), abs=1e-6)
        alone = evaluator.metrics("val", mine, named)
        together = evaluator.metrics("val", mine, named, judged)
        assert together.keys() == alone.keys()
        assert ("kind", "f1") in judged.metrics
        assert ("kind", "auroc") not in judged.metrics  # only one of the group has it
        assert together == pytest.approx(alone, nan_ok=True, abs=1e-6)
