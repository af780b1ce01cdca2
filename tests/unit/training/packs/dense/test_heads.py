"""Heads behind their dense layers: outputs, losses and predictions with each head's own scaling."""

from __future__ import annotations

from pathlib import Path

import torch

from mtl_search.training.packs.dense.heads import HeadJudge
from mtl_search.training.packs.dense.plan import dense_plan
from mtl_search.training.runner import TrialRunner
from tests.support.packed import SAMPLES, settings, specs
from tests.support.trials import OBJECTIVE


def test_each_head_scales_by_its_own_labels(tmp_path: Path) -> None:
    runner = TrialRunner(SAMPLES, OBJECTIVE)
    trainers = [runner.build(spec) for spec in specs(settings(), tmp_path)]
    network = trainers[0].network
    plan = dense_plan(network, settings(), [True] * 3)
    assert plan is not None
    group = plan.branches[0].heads[2]  # that of the real target
    numbers = {id(x): number for number, x in enumerate(network.buffers())}
    judge = HeadJudge(group, numbers, [0, 1, 2])
    own = [list(trainer.network.buffers()) for trainer in trainers]
    buffers = [torch.stack(list(same)) for same in zip(*own, strict=True)]
    mean = numbers[id(group.heads[0].get_buffer("mean"))]
    buffers[mean][1] += 100.0  # of another member
    labels = torch.full((3, 4), 50.0)
    losses, outputs = judge(torch.zeros(3, 4, 1), [labels] * 3, buffers)
    assert (outputs.shape, losses is not None) == ((3, 1, 4), True)
    assert losses is not None
    assert losses[0] == losses[2] != losses[1]
    _, predictions = judge.evaluate(torch.zeros(3, 4), labels, buffers)
    torch.testing.assert_close(predictions[1] - predictions[0], torch.full((4,), 100.0))
    unjudged, same = judge(torch.zeros(3, 4, 1), None, buffers)
    assert unjudged is None
    assert torch.equal(same, outputs)
