"""Optimizers of torch take the same steps without torch's compiler, which they do not load."""

from __future__ import annotations

import subprocess
import sys

import pytest
import torch
from torch import nn

from mtl_search.config import Component
from mtl_search.training.optimizers import OPTIMIZERS
from mtl_search.training.optimizers.build import build_optimizer
from mtl_search.training.optimizers.without_compiler import spare_step

PROGRAM = """
import sys, torch
from mtl_search.config import Component
from mtl_search.training.optimizers import OPTIMIZERS
from mtl_search.training.optimizers.build import build_optimizer, build_schedule
for name in OPTIMIZERS:
    layer = torch.nn.Linear(3, 2)
    optimizer = build_optimizer(Component(name=name), [{"params": list(layer.parameters())}])
    schedule = build_schedule(Component(name="cosine"), optimizer, 3)
    for _ in range(2):
        optimizer.zero_grad()
        layer(torch.ones(1, 3)).sum().backward()
        optimizer.step()
        schedule.step()
    optimizer.load_state_dict(optimizer.state_dict())
print(*sys.modules)
"""


def test_no_optimizer_loads_the_compiler() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True, timeout=120
    )
    loaded = done.stdout.split()
    assert "torch.optim" in loaded
    assert "torch._dynamo" not in loaded


def trained(optimizer: torch.optim.Optimizer, layer: nn.Linear) -> torch.Tensor:
    generator = torch.Generator().manual_seed(1)
    for _ in range(5):
        optimizer.zero_grad()
        layer(torch.randn(4, 3, generator=generator)).square().sum().backward()
        optimizer.step()
    return layer.weight.detach().clone()


def layer() -> nn.Linear:
    torch.manual_seed(0)
    return nn.Linear(3, 2)


@pytest.mark.parametrize("name", list(OPTIMIZERS))
def test_its_steps_are_those_of_torch(name: str) -> None:
    ours, plain = layer(), layer()
    built = build_optimizer(Component(name=name), [{"params": list(ours.parameters())}])
    settings = {key: built.defaults[key] for key in ("fused",) if built.defaults.get(key)}
    reference = type(built)(plain.parameters(), **settings)
    reference.param_groups[0]["lr"] = built.param_groups[0]["lr"]
    assert torch.equal(trained(built, ours), trained(reference, plain))
    assert not torch.equal(ours.weight, layer().weight)
    assert not ours.weight.grad_fn  # steps are not recorded


def test_hooks_and_schedules_still_see_the_steps() -> None:
    network = layer()
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    spare_step(optimizer)
    seen: list[str] = []
    optimizer.register_step_pre_hook(lambda *_: seen.append("before"))
    optimizer.register_step_post_hook(lambda *_: seen.append("after"))
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    trained(optimizer, network)
    schedule.step()  # warns, which is an error here, where no step was seen
    assert seen == ["before", "after"] * 5


def test_an_optimizer_of_the_users_stays_as_it_is() -> None:
    class Own(torch.optim.SGD):
        @torch.no_grad()
        def step(self, closure: object = None) -> None:  # type: ignore[override]
            for group in self.param_groups:
                for parameter in group["params"]:
                    parameter.sub_(1)

    optimizer = Own(layer().parameters(), lr=0.1)
    spare_step(optimizer)
    assert "step" not in vars(optimizer)
