"""The inputs and outputs of an exported graph."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from mtl_search.export import Model
from mtl_search.export.graph import ExportGraph, GraphInput
from tests.support.exports import every_head, graph_of, of_case
from tests.support.raw_rows import pairs, subwords


def test_views_come_before_masks_and_side_views_have_as_many_tokens(tmp_path: Path) -> None:
    graph = graph_of(of_case(subwords(tmp_path)))
    assert graph.inputs == (
        GraphInput("subwords", "subwords", "int64", (-1,)),
        GraphInput("spans", "spans", "int64", (-1,)),
        GraphInput("subwords:mask", "subwords", "bool", (-1,), is_mask=True),
    )


def test_a_view_without_a_mask_is_all_real() -> None:
    graph = graph_of(every_head("hard"), "softmax")
    left, mask = graph.tensors({"left": np.zeros((3, 4, 5), np.float32)}, {})
    assert left.shape == (3, 4, 5)
    assert mask.all()


def test_networks_of_one_task_give_mean_and_spread(tmp_path: Path) -> None:
    case = pairs(tmp_path)
    one, two = of_case(case), of_case(case)
    torch.nn.init.normal_(next(two.network.parameters()))
    ensemble = Model([*one.members, *two.members])
    graph = ExportGraph(ensemble.members, ["left"])
    views = {"left": np.random.default_rng(0).normal(size=(5, 1, 6, 5)).astype(np.float32)}
    with torch.no_grad():
        mean, spread = graph(*graph.tensors(views, {}))
    views["right"] = views["left"]
    expected = ensemble.predict(views, output="arrays", prepared=True, tasks=["left"])
    np.testing.assert_allclose(mean, expected["left"], atol=1e-6)
    np.testing.assert_allclose(spread, expected["left:spread"], atol=1e-6)
