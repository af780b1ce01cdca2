"""The base of sharing policies: what a policy has without defining it."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_search.models.sharing.base import DiagramBlock, SharingPolicy


class Least(SharingPolicy):
    """A policy that defines no more than it must."""

    def forward(self, inputs: Any, masks: Any = None) -> Any:
        return {task: tuple(inputs[view] for view in names) for task, names in self.views.items()}

    def blocks(self) -> list[DiagramBlock]:
        return []

    def shared_parameters(self) -> list[Any]:
        return []

    def task_parameters(self, task: str) -> list[Any]:
        return []


def test_a_policy_has_no_depth_and_no_penalty_by_default() -> None:
    policy = Least({"a": ["x", "y"], "b": ("x",)})
    assert policy.views == {"a": ("x", "y"), "b": ("x",)}
    assert policy.depth is None
    assert policy.penalty() is None
    assert policy({"x": 1, "y": 2}) == {"a": (1, 2), "b": (1,)}


@pytest.mark.parametrize("method", ["forward", "blocks", "shared_parameters", "task_parameters"])
def test_a_policy_must_define_the_rest(method: str) -> None:
    lacking = type("Lacking", (Least,), {method: getattr(SharingPolicy, method)})
    with pytest.raises(TypeError, match=method):
        lacking({"a": ["x"]})


def test_a_block_is_untied_and_reads_its_views_by_default() -> None:
    block = DiagramBlock("dense 3", ("a",), ("x",), None)
    assert (block.reads, block.weights, block.column, block.tied_strength) == ((), (), None, 0.0)
