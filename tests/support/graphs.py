"""Networks to draw: of random shape, and one of every sharing policy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from mtl_search.config import Config, load_config
from mtl_search.data.spec import DataSpec
from mtl_search.models.build import build_network
from mtl_search.models.graph import Graph
from mtl_search.models.graph_tracing import trace_graph
from mtl_search.models.sharing import HardSharing
from mtl_search.models.sharing.base import DiagramBlock, Features

VIEWS = ("left", "right", "seen from above, in the rain")


def config(
    views: Mapping[str, Sequence[str]],
    stages: int = 2,
    sharing: Any = "hard",
    side_inputs: Sequence[str] = (),
) -> Config:
    """A config of tasks with one or two views each.

    The tasks in `side_inputs` also read two views that bypass the backbone.
    """
    tasks: dict[str, Any] = {
        task: {"head": "pair" if len(names) == 2 else "softmax", "view": list(names)}
        for task, names in views.items()
    }
    for task in side_inputs:
        tasks[task]["side_inputs"] = {"age": {}, "region of birth": {"values": 9}}
    model = {"backbone": {"name": "mlp", "widths": [8] * stages}, "sharing": sharing}
    return load_config({"name": "drawn", "data": "unused", "tasks": tasks, "model": model})


def graph(views: Mapping[str, Sequence[str]], *arguments: Any, **named: Any) -> Graph:
    """The graph of `config(...)`."""
    tree = config(views, *arguments, **named)
    inputs: dict[str, Any] = {view: [[6], "float32"] for view in VIEWS}
    inputs |= {"age": [[], "float32"], "region of birth": [[], "int64"]}
    targets = {
        task: ["binary", ["no", "yes"]] if len(names) == 2 else ["class", ["a", "b", "c"]]
        for task, names in views.items()
    }
    data = DataSpec.from_json({"inputs": inputs, "targets": targets, "masks": []})
    with torch.random.fork_rng(devices=[]):
        return trace_graph(build_network(tree, data), data)


class Experts(HardSharing):
    """A policy of a user's: two trunks side by side that every task reads."""

    def forward(self, inputs: Any, masks: Any = None) -> Features:
        """Both see the same views; what they give is added up."""
        mine = super().forward(inputs, masks)
        x = {
            view: stage(inputs[view])
            for stage, view in ((self.other, view) for view in inputs if view in VIEWS)
        }
        return {
            task: tuple(a + x[view] for a, view in zip(mine[task], self.views[task], strict=True))
            for task in mine
        }

    def __init__(self, build: Any, views: Any) -> None:
        super().__init__(build, views)
        self.other = build()[0]

    def blocks(self) -> list[DiagramBlock]:
        """The trunk's stage, the other one beside it, and their sum."""
        (first, *_) = super().blocks()
        return [
            first,
            first._replace(label="another dense 8", module=self.other),
            DiagramBlock("sum", first.tasks, first.views, None, (0, 1)),
        ]
