"""Every schedule: its learning rates over the epochs."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mtl_search.config import Component
from mtl_search.training.optimizers import SCHEDULES
from mtl_search.training.optimizers.build import (
    build_optimizer,
    build_schedule,
    learning_rate,
)


def _parameters() -> list[torch.nn.Parameter]:
    return [torch.nn.Parameter(torch.ones(3))]


# Arguments that each schedule needs, and the factors on the learning rate over four epochs.
SCHEDULE_CASES: dict[str, tuple[dict[str, Any], list[float]]] = {
    "cosine": ({}, [1.0, 0.853553, 0.5, 0.146447]),
    "linear": ({"end_factor": 0.0}, [1.0, 0.75, 0.5, 0.25]),
    "step": ({"step_size": 2}, [1.0, 1.0, 0.1, 0.1]),
    "multistep": ({"milestones": [1, 3], "gamma": 0.5}, [1.0, 0.5, 0.5, 0.25]),
    "exponential": ({"gamma": 0.5}, [1.0, 0.5, 0.25, 0.125]),
}
assert SCHEDULE_CASES.keys() == set(SCHEDULES), (
    "a schedule without a case, or a case without a schedule"
)


@pytest.mark.parametrize("name", list(SCHEDULES))
def test_every_schedule_gives_its_learning_rates(name: str) -> None:
    arguments, factors = SCHEDULE_CASES[name]
    optimizer = build_optimizer(Component.model_validate({"name": "sgd", "lr": 2.0}), _parameters())
    schedule = build_schedule(
        Component.model_validate({"name": name, **arguments}), optimizer, epochs=4
    )
    assert schedule is not None
    rates = []
    for _ in range(4):
        rates.append(optimizer.param_groups[0]["lr"] / 2.0)
        optimizer.step()
        schedule.step()
    assert rates == pytest.approx(factors, abs=1e-6)


def test_a_warm_up_leads_into_the_cosine() -> None:
    optimizer = build_optimizer(Component.model_validate({"name": "sgd", "lr": 1.0}), _parameters())
    schedule = build_schedule(
        Component.model_validate({"name": "cosine", "warmup_epochs": 2}), optimizer, epochs=4
    )
    assert schedule is not None
    rates = []
    for _ in range(4):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        schedule.step()
    assert rates == pytest.approx([1 / 3, 2 / 3, 1.0, 0.5])


def test_the_end_of_the_cosine_has_the_factors_of_the_groups() -> None:
    groups = [{"params": _parameters(), "factor": factor} for factor in (1.0, 0.1, 0.0)]
    optimizer = build_optimizer(Component.model_validate({"name": "sgd", "lr": 1.0}), groups)
    schedule = build_schedule(
        Component.model_validate({"name": "cosine", "eta_min": 0.5}), optimizer, epochs=2
    )
    assert schedule is not None
    for expected in (1.0, 0.75, 0.5):
        assert [group["lr"] for group in optimizer.param_groups] == pytest.approx(
            [expected, 0.1 * expected, 0.0]
        )
        assert learning_rate(optimizer) == pytest.approx(expected)
        optimizer.step()
        schedule.step()
