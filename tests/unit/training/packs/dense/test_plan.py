"""Which networks are dense, and what of them runs at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from mtl_search.config import Config, override
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.training.packs.dense.plan import DensePlan, dense_plan
from mtl_search.training.runner import TrialRunner
from tests.support.packed import SAMPLES, settings
from tests.support.trials import OBJECTIVE, spec


def _network(config: Config, folder: Path) -> MultiTaskNetwork:
    return TrialRunner(SAMPLES, OBJECTIVE).build(spec(config, folder)).network


def _plan(config: Config, folder: Path, complete: tuple[bool, ...] = (True,) * 3) -> DensePlan:
    plan = dense_plan(_network(config, folder), config, complete)
    assert plan is not None
    return plan


def _five_tasks() -> Config:
    """The three tasks, and two more on the target of the first."""
    kind = {"head": "softmax", "view": "x", "target": "kind"}
    return override(settings(), {"tasks.again": kind, "tasks.third": kind})


def test_tasks_that_are_alike_are_one_group(tmp_path: Path) -> None:
    plan = _plan(_five_tasks(), tmp_path, (True,) * 5)
    (branch,) = plan.branches
    assert branch.is_empty
    assert [group.places for group in branch.heads] == [[0, 3, 4], [1], [2]]
    assert [group.first for group in branch.heads] == [0, 3, 4]
    assert sorted(plan.order) == list(range(len(plan.order)))
    assert plan.joined == [1, 1, 1, 1, 3, 3, 1, 1, 1, 1]  # two stages, then the heads


def test_tasks_leave_the_trunk_at_their_depth(tmp_path: Path) -> None:
    depths = {"kind": 0, "again": 0, "flag": 1}
    config = override(_five_tasks(), {"model.sharing": {"name": "hard", "depth": depths}})
    plan = _plan(config, tmp_path, (True,) * 5)
    assert [branch.depth for branch in plan.branches] == [2, 1, 0]
    assert [branch.layers.copies for branch in plan.branches] == [2, 1, 2]
    assert len(plan.trunk) == 2


def test_a_task_that_lacks_labels_is_by_itself(tmp_path: Path) -> None:
    plan = _plan(_five_tasks(), tmp_path, (True, True, True, False, True))
    (branch,) = plan.branches
    assert [group.places for group in branch.heads] == [[0, 4], [1], [2], [3]]
    assert sum(not group.complete for group in branch.heads) == 1


@pytest.mark.parametrize(
    ("backbone", "changes"),
    [
        ("mlp", {"model.backbone.norm": "batch"}),
        ("mlp", {"model.sharing": "cross_stitch"}),
        ("convnet", {}),
    ],
)
def test_other_networks_have_no_plan(
    backbone: str, changes: dict[str, Any], tmp_path: Path
) -> None:
    config = settings(backbone, **changes)
    assert dense_plan(_network(config, tmp_path), config, [True] * 3) is None


def test_soft_sharing_ties_the_stages_of_all_columns(tmp_path: Path) -> None:
    sharing = {"name": "soft", "strength": [0.5, 0.0]}
    plan = _plan(settings(**{"model.sharing": sharing}), tmp_path)
    assert (plan.trunk, [branch.layers.copies for branch in plan.branches]) == ([], [3])
    assert plan.ties == [(0.5, 0), (0.5, 1)]  # weight and bias of the first stage
