"""Tracing for torch.export."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_search.errors import SweepError
from mtl_search.export.check import random_inputs
from mtl_search.export.torch_export import lstm_as_it_is, traced
from mtl_search.models.heads.binary import Binary
from tests.support.exports import every_head, graph_of


def test_a_network_that_branches_on_values_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def predict(head: Binary, output: Tensor) -> Tensor:
        return output.sigmoid() if output.sum() > 0 else output

    monkeypatch.setattr(Binary, "predict", predict)
    graph = graph_of(every_head("hard"), "binary")
    examples = graph.tensors(*random_inputs(graph, 2, np.random.default_rng(0)))
    problem = r"^the network of binary \(HardSharing\) cannot be exported: .*; Model.save keeps it"
    with pytest.raises(SweepError, match=problem) as caught:
        traced(graph, examples)
    assert "\n" not in str(caught.value)


def test_lstms_are_traced_as_before_afterwards() -> None:
    operator = torch.ops.aten.lstm.input
    before = dict(operator.py_kernels)

    def fail() -> None:
        with lstm_as_it_is():
            assert operator.py_kernels != before
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert operator.py_kernels == before
