"""What aggregators inherit: the example of a user's own, and inner products that do not drift."""

from __future__ import annotations

import doctest

import pytest
import torch
import torchjd.aggregation as jd

from mtl_search.training.balancing import aggregator_base
from mtl_search.training.balancing.aggregator_base import (
    Aggregator,
    TwoBatchAggregator,
    products,
)


def test_the_example_runs() -> None:
    tried = doctest.testmod(aggregator_base)
    assert tried.attempted > 0
    assert tried.failed == 0


@pytest.mark.parametrize("columns", [1, 3, 100])
def test_products_are_those_of_whole_rows(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(aggregator_base, "_COLUMNS", columns)
    one, other = torch.randn(3, 7), torch.randn(3, 7)
    found = products(one, other)
    assert found.dtype == torch.float64
    torch.testing.assert_close(found, one.double() @ other.double().T)
    torch.testing.assert_close(products(one, one), one.double() @ one.double().T)


def test_products_are_exact_where_single_precision_is_not() -> None:
    rows = torch.tensor([[1e4, 1.0], [1e4, -1.0]])
    assert products(rows, rows)[0].tolist() == [1e8 + 1, 1e8 - 1]


def test_weights_are_returned_where_the_method_has_some() -> None:
    jacobian = torch.tensor([[1.0, 0.0], [0.0, 2.0]])
    vector, weights = Aggregator(jd.Mean()).aggregate(jacobian)
    assert weights is not None
    assert weights.tolist() == [0.5, 0.5]
    assert vector.tolist() == [0.5, 1.0]
    assert Aggregator(jd.ConFIG()).aggregate(jacobian)[1] is None


def test_two_batches_weigh_what_is_added_up() -> None:
    """The weights come from the halves, the gradient from the whole."""
    halves = torch.tensor([[1.0, 0.0], [0.0, 1.0]]), torch.tensor([[3.0, 0.0], [0.0, 1.0]])
    received = []

    class _Trace(jd.Weighting[torch.Tensor]):
        def forward(self, stat: torch.Tensor, /) -> torch.Tensor:
            received.append(stat)
            return stat.diagonal()

    whole = torch.tensor([[2.0, 0.0], [0.0, 1.0]])
    vector, weights = TwoBatchAggregator(_Trace()).aggregate(whole, halves)
    assert received[0].tolist() == [[3.0, 0.0], [0.0, 1.0]]
    assert weights is not None
    assert weights.tolist() == [3.0, 1.0]
    assert vector.tolist() == [6.0, 1.0]
