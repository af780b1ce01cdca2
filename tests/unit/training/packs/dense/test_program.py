"""The dense program: outputs, losses and gradients of each member's network."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_search.config import override
from mtl_search.data.loading.stacked import StackedBatches
from mtl_search.training.packs.dense.plan import dense_plan
from mtl_search.training.packs.dense.program import DenseProgram
from mtl_search.training.packs.flat_parameters import FlatParameters
from mtl_search.training.runner import TrialRunner
from tests.support.packed import settings, specs
from tests.support.trials import OBJECTIVE, data

SECOND = {"head": "softmax", "view": "x", "target": "kind"}


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"model.sharing": {"name": "hard", "depth": 0}},
        {"model.sharing": {"name": "hard", "depth": {"kind": 1, "again": 1, "size": 0}}},
        {"tasks.kind.head": {"name": "softmax", "hidden": [4]}, "model.backbone.norm": "layer"},
    ],
)
@pytest.mark.parametrize("missing", [False, True])
def test_each_member_gets_what_its_network_computes(
    changes: dict[str, Any], missing: bool, tmp_path: Path
) -> None:
    runner = TrialRunner(data(missing=missing, train=96), OBJECTIVE)
    base = override(settings(), {"tasks.again": SECOND, **changes})
    trainers = [runner.build(spec) for spec in specs(base, tmp_path)]
    networks = [trainer.network for trainer in trainers]
    plan = dense_plan(networks[0], base, [not missing] * 4)
    assert plan is not None
    parameters = FlatParameters(networks, plan.order)
    program = DenseProgram(networks[0], plan, parameters, [torch.Generator()] * 3)
    batch = next(iter(StackedBatches([trainer.train_loader for trainer in trainers])))
    passed = program.train(batch)
    passed.losses.sum().backward()
    assert parameters.matrix.grad is not None
    for member, trainer in enumerate(trainers):
        own = next(iter(trainer.train_loader))
        outputs = trainer.network(own.inputs)
        names = trainer.target_names
        losses = [head.loss(outputs[t], own.targets[names[t]]) for t, head in trainer.heads.items()]
        torch.testing.assert_close(passed.losses[member], torch.stack(losses))
        for mine, theirs in zip(passed.outputs, outputs.values(), strict=True):
            torch.testing.assert_close(mine[member], theirs)
        wanted = torch.autograd.grad(torch.stack(losses).sum(), parameters.trained_of(member))
        rows = parameters.rows_of(parameters.matrix.grad, member)
        for mine, theirs in zip(rows, wanted, strict=True):
            torch.testing.assert_close(mine, theirs)
    predicted = program.predict(own.inputs, {})
    for mine, theirs in zip(predicted, trainers[2].network(own.inputs).values(), strict=True):
        torch.testing.assert_close(mine[2], theirs)
