"""What a task reads beside its view."""

from __future__ import annotations

from mtl_search.config import load_config
from mtl_search.config.sections.task import SideInputConfig, SpansConfig
from tests.support.config_trees import tree


def test_names_alone_stand_for_sections_with_defaults() -> None:
    task = {"head": "softmax", "side_inputs": ["age", "sex"], "spans": "marks"}
    config = load_config({**tree(), "tasks": {"left": task}})
    assert config.tasks["left"].side_inputs == {
        name: SideInputConfig(values=None, width=8) for name in ("age", "sex")
    }
    assert config.tasks["left"].spans == SpansConfig(view="marks", count=2, first=True)
    one = load_config({**tree(), "tasks": {"left": {**task, "side_inputs": "age"}}})
    assert list(one.tasks["left"].side_inputs) == ["age"]
