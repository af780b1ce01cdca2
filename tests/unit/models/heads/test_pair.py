"""The pair head: symmetric, smooth at distance 0, and right about what is near and far."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_search.data.dataset import Target
from mtl_search.models.heads.pair import Pair
from mtl_search.models.losses import LOSSES
from tests.support.model_cases import fitted_head

WIDTH = 5
LOSS_NAMES = ["binary_cross_entropy", "contrastive"]


def _head(loss: str = "binary_cross_entropy", **arguments: Any) -> Pair:
    torch.manual_seed(0)
    target = Target(torch.tensor([0, 1, 0, 1]).numpy(), "binary", ("different", "same"))
    return Pair(WIDTH, target, LOSSES[loss](), **arguments)


def _views() -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(9, WIDTH, generator=generator), torch.randn(9, WIDTH, generator=generator)


@pytest.mark.parametrize("loss", LOSS_NAMES)
@pytest.mark.parametrize("hidden", [[], [7], [7, 3]])
def test_swapping_the_views_changes_no_bit(loss: str, hidden: list[int]) -> None:
    head, (left, right) = _head(loss, hidden=hidden), _views()
    assert torch.equal(head(left, right), head(right, left))


@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_swapping_the_views_swaps_the_gradients(loss: str) -> None:
    head, (left, right) = _head(loss, hidden=[4]), _views()
    labels = torch.tensor([0, 1, 1, 0, 1, 0, 0, 1, 1])
    gradients = []
    for views in ((left, right), (right, left)):
        inputs = [x.clone().requires_grad_() for x in views]
        gradients.append(torch.autograd.grad(head.loss(head(*inputs), labels), inputs))
    torch.testing.assert_close(gradients[0], gradients[1][::-1])


def test_the_logit_falls_with_the_distance() -> None:
    head, (left, _) = _head(margin=2.0, scale=3.0), _views()
    shift = torch.zeros(9, WIDTH)
    shift[:, 0] = torch.arange(9.0)
    torch.testing.assert_close(
        head(left, left + shift), 3.0 * (2.0 - torch.arange(9.0)), atol=1e-4, rtol=1e-4
    )


def test_contrastive_puts_out_the_distance() -> None:
    head, (left, right) = _head("contrastive"), _views()
    torch.testing.assert_close(head(left, right), (left - right).norm(dim=1))


@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_equal_views_have_a_finite_gradient(loss: str) -> None:
    head, (left, _) = _head(loss), _views()
    inputs = [left.clone().requires_grad_(), left.clone().requires_grad_()]
    for labels in (torch.ones(9, dtype=torch.int64), torch.zeros(9, dtype=torch.int64)):
        gradients = torch.autograd.grad(head.loss(head(*inputs), labels), inputs)
        assert all(gradient.isfinite().all() for gradient in gradients)


@pytest.mark.parametrize("loss", LOSS_NAMES)
def test_equal_views_are_the_same_and_distant_ones_are_not(loss: str) -> None:
    head, (left, _) = _head(loss), _views()
    assert (head.predict(head(left, left)) > 0.5).all()
    assert (head.predict(head(left, left + 5)) < 0.5).all()


def test_distances_keep_their_precision_under_autocast() -> None:
    head, (left, _) = _head("contrastive"), _views()
    near = left + 1e-3
    with torch.autocast("cpu", dtype=torch.bfloat16):
        distance = head(left, near)
    torch.testing.assert_close(distance, head(left, near))


def test_scale_and_threshold_are_learned_only_where_they_are_read() -> None:
    assert {name for name, _ in _head().named_parameters()} == {"threshold", "log_scale"}
    assert not list(_head("contrastive").parameters())


def test_the_embedding_is_shared_by_both_views_and_ends_without_relu() -> None:
    head, (left, _) = _head(hidden=[6, 4]), _views()
    assert head.embed is not None
    assert [p.shape[0] for p in head.embed.parameters() if p.ndim == 2] == [6, 4]
    assert (head.embed(left) < 0).any()


def test_tokens_of_two_views_have_a_mask_each() -> None:
    head, generator = _head(), torch.Generator().manual_seed(2)
    left, right = (
        torch.randn(3, 4, WIDTH, generator=generator),
        torch.randn(3, 4, WIDTH, generator=generator),
    )
    masks = [torch.tensor([[True, True, False, False]] * 3), None]
    torch.testing.assert_close(head(left, right, masks=masks), head(left[:, :2], right))
    assert not torch.equal(head(left, right, masks=masks), head(left, right))


def test_contrastive_is_half_p_times_one_minus_p_times_the_squared_margin() -> None:
    labels = torch.tensor([1] * 3 + [0] * 7)
    head = fitted_head("pair", labels, "contrastive", margin=2.0)
    assert head.trivial_loss.item() == pytest.approx(0.5 * 0.3 * 0.7 * 4.0)
