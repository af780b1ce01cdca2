"""Contracts of users' parts over all families: a right one passes, a wrong one is refused.

Each is refused in one sentence, by the check that `validate` and `run` make before anything trains.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping
from typing import Any

import pytest

import mtl_search
from mtl_search.api.component_check import check_components
from mtl_search.data import load_data
from mtl_search.errors import MtlSearchError
from mtl_search.registry import Registry
from mtl_search.search import preflight
from tests.support import small_sweeps as small

PARTS = "tests.support.own_parts"

# Kind of a registry's members → changes with a right part, those with a wrong one, what is told.
SIZE = "tasks.size"
LR = {"training.optimizer.lr": {"log": [1e-3, 1e-1]}}
FAMILIES: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "loss": (
        {f"{SIZE}.loss": f"{PARTS}:right_loss"},
        {f"{SIZE}.loss": f"{PARTS}:wrong_loss"},
        "tasks.size.loss: the loss returns shape () for labels of shape (4,), and needed is one",
    ),
    "head": (
        {f"{SIZE}.head": f"{PARTS}:RightHead"},
        {f"{SIZE}.head": f"{PARTS}:WrongHead"},
        "tasks.size.head: `predict` returns shape (4, 1) for 4 samples of a target of kind real",
    ),
    "backbone": (
        {"model.backbone": {"name": f"{PARTS}:right_backbone", "width": 4}},
        {"model.backbone": f"{PARTS}:wrong_backbone", "search.space": LR},
        (
            f"model.backbone: stage 0 ('dense') of the backbone '{PARTS}:wrong_backbone'"
            " gives shape (4, 7) for 4 samples, and it publishes width 8 and kind 'vector': needed "
            "is (4, 8)"
        ),
    ),
    "sharing policy": (
        {"model.sharing": f"{PARTS}:RightPolicy", "search.space": LR},
        {"model.sharing": f"{PARTS}:WrongPolicy", "search.space": LR},
        (f"model.sharing: the sharing policy '{PARTS}:WrongPolicy' gives task 'flag' no features"),
    ),
    "augmentation": (
        {"model.augment": [f"{PARTS}:RightAugmentation"]},
        {"model.augment": [f"{PARTS}:WrongAugmentation"]},
        (
            f"model.augment.0: the augmentation '{PARTS}:WrongAugmentation' gives shape "
            "(4, 5), torch.float32 for a batch of shape (4, 6), torch.float32, and needed is"
        ),
    ),
    "optimizer": (
        {"training.optimizer": {"name": f"{PARTS}:RightOptimizer", "lr": 0.01}},
        {"training.optimizer": {"name": f"{PARTS}:WrongOptimizer", "lr": 0.01}},
        (
            f"training.optimizer: the optimizer '{PARTS}:WrongOptimizer' leaves "
            "parameters with a gradient as they are"
        ),
    ),
    "schedule": (
        {"training.schedule": f"{PARTS}:right_schedule"},
        {"training.schedule": f"{PARTS}:wrong_schedule"},
        (
            f"training.schedule: the schedule '{PARTS}:wrong_schedule' gives the "
            "learning rate -0.5 after 3 of 4 epochs, and needed is a finite one from 0"
        ),
    ),
    "weighting": (
        {"training.weighting": f"{PARTS}:RightWeighting"},
        {"training.weighting": f"{PARTS}:WrongWeighting"},
        (
            f"training.weighting: `weigh` of the weighting '{PARTS}:WrongWeighting' "
            "gives shape () for losses of shape (3,), and needed is a tensor of shape (3,)"
        ),
    ),
    "aggregator": (
        {"training.aggregator": f"{PARTS}:RightAggregator"},
        {"training.aggregator": f"{PARTS}:WrongAggregator"},
        (
            f"training.aggregator: `aggregate` of the aggregator '{PARTS}:"
            "WrongAggregator' gives a Tensor for gradients of shape (3, 5), and needed is a tuple"
        ),
    ),
    "sampler": (
        {"search.sampler": f"{PARTS}:right_sampler"},
        {"search.sampler": f"{PARTS}:WrongSampler"},
        f"search.sampler: the sampler '{PARTS}:WrongSampler' draws {{'lr': 0.2",
    ),
    "scheduler": (
        {"search.scheduler": f"{PARTS}:right_scheduler"},
        {"search.scheduler": f"{PARTS}:WrongScheduler"},
        (
            f"search.scheduler: the scheduler '{PARTS}:WrongScheduler' decides True, "
            "and needed is 'CONTINUE' or 'STOP'"
        ),
    ),
    "objective": (
        {"search.objective": f"{PARTS}:right_objective"},
        {"search.objective": f"{PARTS}:wrong_objective"},
        "search.objective: the objective reads 'val/kind/f1', and the metrics of the tasks are",
    ),
    "data set": (
        {"data": f"{PARTS}:right_data"},
        {"data": f"{PARTS}:wrong_data"},
        "target 'kind' (class) has labels from 7 to 7; allowed: -1 (missing) to 1",
    ),
    "preparation": (
        {"data": f"{PARTS}:with_right_preparation"},
        {"data": f"{PARTS}:with_wrong_preparation"},
        "the preparation WrongPreparation makes the view 'x' of float32 (rows, (5,)), and the data",
    ),
    "sampling": (
        {"data.sampling": f"{PARTS}:RightSampling"},
        {"data.sampling": f"{PARTS}:WrongSampling"},
        "data.sampling: a part above 0 is needed for each of 2 sources",
    ),
}

# Kind → why it stands elsewhere.
ELSEWHERE = {"metric": "tests/unit/metrics has those of users"}

SOURCES = {
    "data": {
        "name": "sources",
        "sources": {"one": f"{PARTS}:right_data", "two": f"{PARTS}:right_data"},
    }
}


def registries() -> set[str]:
    """The kinds of all registries of the package."""
    kinds = set()
    for module in pkgutil.walk_packages(mtl_search.__path__, "mtl_search."):
        if module.ispkg or module.name.endswith((".mixture", ".samplers", ".definitions")):
            members = vars(importlib.import_module(module.name)).values()
            kinds |= {member.kind for member in members if isinstance(member, Registry)}
    return kinds


def check(changes: Mapping[str, Any]) -> None:
    """What `validate` and `run` do before anything trains."""
    if "data.sampling" in changes:
        changes = {**SOURCES, **changes}
    config = small.config(changes)
    check_components(config)
    preflight.check_sweep(config, load_data(config))


def test_every_family_has_a_contract() -> None:
    """A new registry of parts that users can replace needs a right and a wrong one here."""
    assert registries() - set(ELSEWHERE) <= set(FAMILIES)
    assert set(ELSEWHERE) <= registries()


@pytest.mark.parametrize("family", FAMILIES)
def test_a_right_part_passes(family: str) -> None:
    check(FAMILIES[family][0])


@pytest.mark.parametrize("family", FAMILIES)
def test_a_wrong_part_is_refused_in_one_sentence(family: str) -> None:
    _, wrong, told = FAMILIES[family]
    with pytest.raises(MtlSearchError) as caught:
        check(wrong)
    text = str(caught.value)
    assert text.startswith(told)
    assert len(text.splitlines()) <= 3  # the sentence, and what is allowed
