"""The batched program by `torch.vmap`: outputs, losses and gradients of each member's network."""

from __future__ import annotations

from pathlib import Path

import torch

from mtl_search.data.loading.stacked import StackedBatches
from mtl_search.training.packs.flat_parameters import FlatParameters
from mtl_search.training.packs.program import Program
from mtl_search.training.runner import TrialRunner
from tests.support.packed import settings, specs
from tests.support.trials import OBJECTIVE, data


def test_each_member_gets_what_its_network_computes(tmp_path: Path) -> None:
    samples = data(missing=True, train=96)
    runner = TrialRunner(samples, OBJECTIVE)
    base = settings(**{"model.sharing": {"name": "soft", "strength": 0.1}})
    trainers = [runner.build(spec) for spec in specs(base, tmp_path)]
    networks = [trainer.network for trainer in trainers]
    parameters = FlatParameters(networks)
    generators = [torch.Generator() for _ in networks]
    program = Program(networks[0], parameters, generators, [False] * 3)
    batch = next(iter(StackedBatches([trainer.train_loader for trainer in trainers])))
    passed = program.train(batch)
    assert passed.penalty is not None
    (passed.losses.sum() + passed.penalty.sum()).backward()
    assert parameters.matrix.grad is not None
    gradients = parameters.matrix.grad.clone()
    for member, trainer in enumerate(trainers):
        own = next(iter(trainer.train_loader))
        outputs = trainer.network(own.inputs)
        losses = [head.loss(outputs[t], own.targets[t]) for t, head in trainer.heads.items()]
        torch.testing.assert_close(passed.losses[member], torch.stack(losses))
        for mine, theirs in zip(passed.outputs, outputs.values(), strict=True):
            torch.testing.assert_close(mine[member], theirs)
        penalty = trainer.network.sharing.penalty()
        assert penalty is not None
        torch.testing.assert_close(passed.penalty[member], penalty)
        loss = torch.stack(losses).sum() + penalty
        wanted = torch.autograd.grad(loss, parameters.trained_of(member))
        for mine, theirs in zip(parameters.rows_of(gradients, member), wanted, strict=True):
            torch.testing.assert_close(mine, theirs)
    predicted = program.predict({"x": own.inputs["x"]}, {})
    torch.testing.assert_close(predicted[0][2], trainers[2].network(own.inputs)["kind"])
