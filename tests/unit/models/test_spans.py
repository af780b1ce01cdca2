"""Spans of tokens: the head reads the mean of each, and no other tokens."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from mtl_search.config import load_config
from mtl_search.data import DataSet, Target
from mtl_search.errors import ConfigError
from mtl_search.models.build import build_network
from mtl_search.models.graph_tracing import trace_graph
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.models.spans import Spans

N, T, W = 6, 5, 3
SPANS = np.array(
    [[0, 1, 1, 0, 2], [1, 0, 2, 2, 2], [0, 0, 0, 0, 2], [0] * T, [1, 2, 0, 0, 0], [2, 2, 1, 1, 1]]
)


def test_means_of_spans_by_hand() -> None:
    features = torch.arange(N * T * W, dtype=torch.float32).view(N, T, W)
    y = Spans(W, "spans", count=2, first=True)(features, {"spans": torch.from_numpy(SPANS)})
    for row in range(N):
        expected = [features[row, 0]]
        for number in (1, 2):
            inside = features[row][torch.from_numpy(SPANS[row] == number)]
            expected.append(inside.mean(0) if len(inside) else torch.zeros(W))
        torch.testing.assert_close(y[row], torch.cat(expected))
    assert Spans(W, "spans", count=2, first=False)(
        features, {"spans": torch.from_numpy(SPANS)}
    ).shape == (N, 2 * W)


def test_what_is_outside_the_spans_does_not_matter_not_even_nan() -> None:
    torch.manual_seed(0)
    features = torch.randn(N, T, W)
    broken = features.masked_fill(
        torch.from_numpy(SPANS == 0).unsqueeze(2), float("nan")
    ).requires_grad_()
    module, inputs = Spans(W, "spans", count=2, first=False), {"spans": torch.from_numpy(SPANS)}
    y = module(broken, inputs)
    assert torch.equal(y, module(features, inputs))
    y.sum().backward()
    assert broken.grad is not None
    assert broken.grad.isfinite().all()


@pytest.fixture
def data() -> DataSet:
    rng = np.random.default_rng(0)
    inputs = {
        "tokens": rng.normal(size=(N, T, W)).astype(np.float32),
        "spans": SPANS,
        "age": np.ones(N),
    }
    targets = {"relation": Target(np.arange(N) % 2, "class", ("a", "b"))}
    return DataSet(
        inputs, targets, {"train": np.arange(4), "validation": np.array([4]), "test": np.array([5])}
    )


def _build(
    data: DataSet, spans: Any, backbone: str = "tests.unit.models.test_side_inputs:by_token"
) -> MultiTaskNetwork:
    task = {"head": "softmax", "view": "tokens", "spans": spans}
    config = {
        "name": "x",
        "data": "unused",
        "tasks": {"relation": task},
        "model": {"backbone": backbone},
    }
    return build_network(load_config(config), data)


def test_a_network_with_spans(data: DataSet) -> None:
    network = _build(data, {"view": "spans"})
    assert network.views == {"relation": ("tokens", "spans")}
    node = trace_graph(network, data).by_id["spans:relation"]
    assert (node.label, node.takes, node.gives, node.tasks) == (
        "spans: spans",
        (T, 6),
        (18,),
        ("relation",),
    )
    output = network({name: torch.from_numpy(x[:]) for name, x in data.inputs.items()})["relation"]
    assert output.shape == (N, 2)


@pytest.mark.parametrize(
    ("spans", "backbone", "problem"),
    [
        ("span", "tests.unit.models.test_side_inputs:by_token", "did you mean 'spans'"),
        ("age", "tests.unit.models.test_side_inputs:by_token", "one whole number a token"),
        ("tokens", "tests.unit.models.test_side_inputs:by_token", "one whole number a token"),
        ("spans", "mlp", "spans are of tokens"),
    ],
)
def test_spans_that_do_not_fit(data: DataSet, spans: str, backbone: str, problem: str) -> None:
    with pytest.raises(ConfigError, match=problem) as raised:
        _build(data, spans, backbone)
    assert raised.value.path == "tasks.relation.spans.view"
