"""The gradients of a step: summed over ranks in one exchange, and by halves of its batches."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from mtl_search.training.balancing.step_gradients import StepGradients
from mtl_search.training.distributed.communicator import SingleProcess


class _TwoEqualRanks(SingleProcess):
    exchanges = 0

    def all_reduce_coalesced(self, tensors: Sequence[Tensor]) -> list[Tensor]:
        self.exchanges += 1
        return [2 * x for x in tensors]


def _gradients(*jacobians: Tensor) -> StepGradients:
    return StepGradients(
        losses=torch.tensor([1.0, 2.0]),
        jacobians=list(jacobians),
        first_share=torch.tensor([0.25, 0.5]),
        own=[torch.tensor([3.0]), torch.tensor([[4.0, 5.0]])],
        failed=torch.tensor([1.0]),
    )


def test_all_is_summed_in_one_exchange() -> None:
    first, second = torch.ones(2, 3), torch.full((2, 3), 7.0)
    ranks = _TwoEqualRanks()
    summed = _gradients(first, second).all_reduce(ranks)
    assert ranks.exchanges == 1
    assert summed.losses.tolist() == [2.0, 4.0]
    assert summed.first_share.tolist() == [0.5, 1.0]
    assert summed.failed.tolist() == [2.0]
    assert [x.tolist() for x in summed.jacobians] == [[[2.0] * 3] * 2, [[14.0] * 3] * 2]
    assert [x.tolist() for x in summed.own] == [[6.0], [[8.0, 10.0]]]


def test_a_half_is_the_mean_over_its_own_labels() -> None:
    first, second = torch.tensor([[1.0], [1.0]]), torch.tensor([[3.0], [1.0]])
    halves = _gradients(first, second).halves(torch.tensor([1.0, 10.0]))
    assert halves is not None
    assert [half.tolist() for half in halves] == [[[4.0], [20.0]], [[4.0], [20.0]]]


def test_a_half_without_a_label_is_zero() -> None:
    gradients = _gradients(torch.zeros(2, 1), torch.ones(2, 1))
    gradients.first_share = torch.zeros(2)
    halves = gradients.halves(torch.ones(2))
    assert halves is not None
    assert [half.tolist() for half in halves] == [[[0.0], [0.0]], [[1.0], [1.0]]]


def test_one_summand_has_no_halves() -> None:
    assert _gradients(torch.ones(2, 1)).halves(torch.ones(2)) is None
