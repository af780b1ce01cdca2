"""Scaling of real targets: learned in standard deviations, predicted in the target's own units."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mtl_search.data.dataset import Target
from mtl_search.models.heads.regression import Regression
from mtl_search.models.losses import LOSSES
from tests.support.model_cases import HEAD_CASES, fitted_head


def _head(labels: torch.Tensor, loss: str = "mse") -> Regression:
    torch.manual_seed(0)
    head = Regression(5, Target(labels.numpy(), "real"), LOSSES[loss]())
    head.fit(labels)
    return head


def test_mean_and_deviation_are_those_of_the_labelled_samples() -> None:
    head = _head(torch.tensor([1.0, float("nan"), 3.0, 5.0]))
    assert head.mean.item() == pytest.approx(3.0)
    assert head.std.item() == pytest.approx(np.std([1, 3, 5]))


def test_predictions_are_in_the_units_of_the_target() -> None:
    head = _head(torch.tensor([1000.0, 3000.0]))
    torch.testing.assert_close(
        head.predict(torch.tensor([-1.0, 0.0, 2.0])), torch.tensor([1000.0, 2000.0, 4000.0])
    )


def test_encoding_is_the_inverse_of_predicting() -> None:
    labels = torch.tensor([3.0, -7.0, 22.0, 4.5])
    head = _head(labels)
    torch.testing.assert_close(head.predict(head.encode(labels)), labels)


def test_the_loss_does_not_depend_on_the_units() -> None:
    labels = torch.randn(50, generator=torch.Generator().manual_seed(0))
    features = torch.randn(50, 5, generator=torch.Generator().manual_seed(1))
    grams, kilos = _head(1000 * labels + 5000), _head(labels + 5)
    loss = [
        h.loss(h(features), y).item()
        for h, y in ((grams, 1000 * labels + 5000), (kilos, labels + 5))
    ]
    assert loss[0] == pytest.approx(loss[1], rel=1e-4)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6, -3.3333])
def test_a_constant_target_keeps_scale_1_and_is_predicted(value: float) -> None:
    labels = torch.full((7,), value)
    head = _head(labels)
    assert head.std.item() == 1.0
    torch.testing.assert_close(head.predict(torch.zeros(3)), torch.full((3,), value))


def test_a_small_deviation_on_a_large_mean_is_no_constant() -> None:
    head = _head(torch.tensor([2000.0, 2001.0, 2002.0]))
    assert head.std.item() == pytest.approx(np.std([0, 1, 2]), rel=1e-5)


def test_one_label_is_a_constant() -> None:
    assert _head(torch.tensor([4.0, float("nan")])).std.item() == 1.0


def test_scaling_is_in_the_checkpoint_and_not_learned() -> None:
    head = _head(torch.tensor([1.0, 2.0, 9.0]))
    assert {"mean", "std", "trivial_loss"} <= set(head.state_dict())
    assert not {"mean", "std"} & {name for name, _ in head.named_parameters()}


def test_squared_error_is_1_in_scaled_units() -> None:
    labels = HEAD_CASES["regression"].labels(300, missing=True)
    assert fitted_head("regression", labels, "mse").trivial_loss.item() == pytest.approx(
        1.0, rel=1e-5
    )


def test_absolute_error_is_that_of_the_median() -> None:
    labels = torch.tensor([0.0, 1.0, 2.0, 10.0, 100.0])
    std = labels.double().std(correction=0).item()
    expected = (labels - 2.0).abs().mean().item() / std
    assert fitted_head("regression", labels, "mae").trivial_loss.item() == pytest.approx(
        expected, rel=1e-5
    )


# ---------------------------------------------------------------- vectors

PICTURES = torch.tensor([[0.0, 10.0, 4.0], [2.0, 30.0, 4.0], [float("nan"), 20.0, 4.0]])


def _vector_head(labels: torch.Tensor, loss: str = "mse") -> Regression:
    torch.manual_seed(0)
    names = tuple(map(str, range(labels.shape[1])))
    head = Regression(5, Target(labels.numpy(), "vector", names), LOSSES[loss]())
    head.fit(labels)
    return head


def test_elements_have_their_own_mean_and_one_deviation() -> None:
    head = _vector_head(PICTURES)
    assert head.mean.tolist() == [1.0, 20.0, 4.0]
    # Squared distances from the mean of the element: 1, 1; 100, 100, 0; 0, 0, 0.
    assert head.std.item() == pytest.approx((202 / 8) ** 0.5)
    assert head(torch.zeros(2, 5)).shape == (2, 3)


def test_vectors_are_predicted_in_their_units_and_encoded_the_other_way() -> None:
    head = _vector_head(PICTURES)
    torch.testing.assert_close(head.predict(torch.zeros(2, 3)), head.mean.expand(2, 3))
    torch.testing.assert_close(head.predict(head.encode(PICTURES)), PICTURES, equal_nan=True)


def test_a_missing_element_does_not_count_in_the_loss() -> None:
    head = _vector_head(PICTURES)
    output = torch.randn(3, 3, requires_grad=True)
    loss = head.loss(output, PICTURES)
    known = ~PICTURES.isnan()
    errors = (output - head.encode(PICTURES))[known]
    torch.testing.assert_close(loss, errors.square().mean())
    total, count = head.loss_sum(output, PICTURES)
    assert count.item() == 8
    torch.testing.assert_close(total, errors.square().sum())
    (gradient,) = torch.autograd.grad(loss, output)
    assert (gradient != 0).equal(known)


@pytest.mark.parametrize("loss", ["mse", "mae", "huber", "smooth_l1", "pinball"])
def test_no_constant_vector_is_better_than_the_trivial_loss(loss: str) -> None:
    labels = torch.randn(25, 3, generator=torch.Generator().manual_seed(0)).exp()
    labels[3, 1] = torch.nan
    head = _vector_head(labels, loss)
    trivial = head.trivial_loss.item()
    # Coordinate by coordinate, since the loss is a sum over the elements.
    grid = torch.linspace(-3, 3, 601)
    scaled = head.encode(labels)
    least = sum(
        min(head.elementwise(c.expand(int(k.sum())), y[k], "sum").item() for c in grid)
        for y in scaled.T
        for k in [~y.isnan()]
    )
    assert trivial == pytest.approx(least / 74, rel=2e-3)
    assert trivial <= least / 74 + 1e-6


def test_vectors_of_one_element_are_learned_as_numbers() -> None:
    labels = torch.tensor([3.0, -7.0, 22.0, float("nan")])
    number, vector = _head(labels), _vector_head(labels[:, None])
    features = torch.randn(4, 5)
    torch.testing.assert_close(vector(features).squeeze(1), number(features))
    torch.testing.assert_close(
        vector.loss(vector(features), labels[:, None]), number.loss(number(features), labels)
    )
    torch.testing.assert_close(vector.trivial_loss, number.trivial_loss)


def test_constant_vectors_keep_scale_1() -> None:
    head = _vector_head(torch.tensor([[0.1, -1e6]]).expand(7, 2).contiguous())
    assert head.std.item() == 1.0
    torch.testing.assert_close(head.predict(torch.zeros(1, 2)), torch.tensor([[0.1, -1e6]]))
