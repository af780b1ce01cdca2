"""Trials of one shape are told from others by their configs."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_search.config import Config
from mtl_search.search.arms import plan_arms
from mtl_search.search.packs.shape import pack_shape
from tests.support import small_sweeps as small

TARGETS = small.DATA.targets


def shape(**changes: Any) -> str:
    named = {key.replace("__", "."): value for key, value in changes.items()}
    return pack_shape(small.config({"training.pack": 8, **named}), TARGETS)


OWN: dict[str, dict[str, Any]] = {
    "the learning rate": {"training__optimizer__lr": 0.5},
    "the weight decay": {"training__optimizer__weight_decay": 0.5},
    "a loss weight": {"tasks__kind__loss_weight": 3.0},
    "metrics": {"tasks__size__metrics": ["r2"]},
    "the clipping": {"training__clip_norm": 1.0},
    "the early stop": {"training__early_stopping": {"patience": 2}},
    "the seed of the sweep": {"seed": 9},
    "the name": {"name": "other"},
}
SHARED: dict[str, dict[str, Any]] = {
    "widths": {"model__backbone__widths": [5, 4]},
    "the depth": {"model__sharing__depth": 2},
    "the batch size": {"training__batch_size": 4},
    "the epochs": {"training__epochs": 5},
    "the optimizer": {"training__optimizer": {"name": "sgd", "lr": 0.01}},
    "the precision": {"training__precision": "bf16"},
    "the view": {"tasks__kind__view": "y"},
    "the head": {"tasks__flag__head": "softmax"},
}


@pytest.mark.parametrize("what", OWN)
def test_members_may_differ_in(what: str) -> None:
    assert shape() == shape(**OWN[what]) != ""


@pytest.mark.parametrize("what", SHARED)
def test_members_have_in_common(what: str) -> None:
    assert "" != shape() != shape(**SHARED[what]) != ""


def single(task: str, target: str = "") -> Config:
    """The config of a single-task trial."""
    changes: dict[str, Any] = {"training.pack": 8}
    if target:
        changes["tasks.kind.target"] = target
    config = small.config(changes)
    arm = next(arm for arm in plan_arms(config) if arm.name == f"single/{task}")
    return arm.config(config, {})


def test_single_task_trials_share_a_shape_where_their_targets_are_alike() -> None:
    kind, size = (pack_shape(single(task), TARGETS) for task in ("kind", "size"))
    assert "" != kind != size != ""
    both = {**TARGETS, "other": TARGETS["kind"]}
    assert pack_shape(single("kind", "other"), both) == kind


@pytest.mark.parametrize(
    "changes",
    [
        {"training__pack": 1},
        {"training__weighting": "gradnorm"},
        {"training__weighting": "famo"},
        {"training__weighting": "uw", "training__accumulate": 2},
        {"training__aggregator": "upgrad"},
        {"training__optimizer": {"name": "rmsprop", "lr": 0.01}},
        {"training__compile": True},
        {"training__on_out_of_memory": "accumulate"},
        {"report__gradient_conflict": True},
        {"resources__workers": 2},
    ],
)
def test_what_no_pack_can_train_has_no_shape(changes: dict[str, Any]) -> None:
    assert shape(**changes) == ""


def test_auto_packs_dense_networks_alone() -> None:
    assert shape(training__pack="auto") != ""
    own = {"model__backbone": f"{small.__name__}:broken_backbone"}
    assert shape(training__pack="auto", **own) == ""
    assert shape(**own) != ""


def test_tasks_of_a_shape_share_their_targets_in_the_same_way() -> None:
    other = {"tasks.flag.head": "softmax", "tasks.flag.metrics": ["accuracy"]}
    base = {"training.pack": 8, **other}
    targets = {**TARGETS, "flag": TARGETS["kind"], "sort": TARGETS["kind"]}

    def of(target: str) -> str:
        return pack_shape(small.config({**base, "tasks.flag.target": target}), targets)

    assert of("flag") == of("sort") != of("kind") != ""
