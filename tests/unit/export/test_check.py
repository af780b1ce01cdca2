"""The check finds a file that computes something else."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_search.data.types import Array
from mtl_search.errors import SweepError
from mtl_search.export.check import SIZES, check_exported, random_inputs, trial_inputs
from tests.support.exports import every_head, graph_of, of_case
from tests.support.raw_rows import penguins, sentences


def test_a_difference_is_refused_and_infinite_emissions_are_not() -> None:
    graph = graph_of(every_head("hard"))

    def right(tensors: Sequence[Tensor]) -> list[Array]:
        with torch.no_grad():
            return [output.numpy() for output in graph(*tensors)]

    def wrong(tensors: Sequence[Tensor]) -> list[Array]:
        outputs = right(tensors)
        return [outputs[0] + 2e-5 * (len(outputs[0]) == 7), *outputs[1:]]

    assert check_exported(graph, right, None, Path("a.onnx")) == 0
    problem = r"a.onnx does not .* with a batch of 7 the output 'softmax' differs by 2e-05"
    with pytest.raises(SweepError, match=problem):
        check_exported(graph, wrong, None, Path("a.onnx"))
    with pytest.raises(SweepError, match="differs by inf"):
        check_exported(graph, lambda tensors: [x[:0] for x in right(tensors)], None, Path("a"))


def test_rows_of_the_preparation_are_tried_too(tmp_path: Path) -> None:
    model = of_case(penguins(tmp_path))
    graph = graph_of(model)
    assert [samples for samples, _ in trial_inputs(graph, None)] == list(SIZES)
    tried = list(trial_inputs(graph, model.preparation))
    assert [samples for samples, _ in tried] == [*SIZES, *SIZES]
    assert model.preparation is not None
    example = model.preparation.transform(model.preparation.example()).inputs["table"]
    np.testing.assert_array_equal(tried[-1][1][0][:2].numpy(), example[:])


def test_random_tokens_are_known_to_the_network(tmp_path: Path) -> None:
    graph = graph_of(of_case(sentences(tmp_path)))
    views, masks = random_inputs(graph, 50, np.random.default_rng(0))
    assert 50 < views["tokens"].max() < 100  # the vocabulary has 100
    assert masks["tokens"].any(1).all()
    assert not masks["tokens"].all()
