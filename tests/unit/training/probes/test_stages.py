"""Every shared parameter is in one stage, whatever the policy."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_search.models.backbones import BACKBONES
from mtl_search.models.sharing import SHARING, SharingPolicy
from mtl_search.training.probes.stages import shared_by_stage

WIDTHS = [8, 3]
VIEWS = {"a": ["x"], "b": ["x", "y"], "c": ["y"]}
ARGUMENTS: dict[str, dict[str, object]] = {
    "hard": {},
    "soft": {"strength": 0.1},
    "cross_stitch": {},
}


def _policy(name: str, **arguments: Any) -> SharingPolicy:
    make: Any = SHARING[name]
    policy: SharingPolicy = make(lambda: BACKBONES["mlp"]((4,), widths=WIDTHS), VIEWS, **arguments)
    return policy


@pytest.mark.parametrize("name", SHARING)
def test_every_shared_parameter_is_in_one_stage(name: str) -> None:
    policy = _policy(name, **ARGUMENTS[name])
    stages = shared_by_stage(policy)
    listed = [id(p) for parameters in stages.values() for p in parameters]
    assert sorted(listed) == sorted(map(id, policy.shared_parameters()))
    assert list(stages) == ([] if name == "soft" else ["1", "2"])


def test_a_matrix_belongs_to_the_stage_that_it_mixes() -> None:
    policy = _policy("cross_stitch")
    sizes = {k: sum(p.numel() for p in v) for k, v in shared_by_stage(policy).items()}
    assert sizes == {"1": 3 * 40 + 9, "2": 3 * 27 + 9}


def test_frozen_parameters_are_left_out() -> None:
    policy = _policy("hard")
    for parameter in policy.shared_parameters()[:2]:
        parameter.requires_grad_(False)
    assert list(shared_by_stage(policy)) == ["2"]
