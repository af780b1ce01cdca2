"""The softmax head: its trivial loss against closed forms, and its predictions."""

from __future__ import annotations

import math

import pytest
import torch

from tests.support.model_cases import entropy, fitted_head


def test_softmax_is_the_entropy_of_the_prior() -> None:
    labels = torch.tensor([0] * 5 + [1] * 3 + [2] * 2 + [-1] * 10)
    assert fitted_head("softmax", labels).trivial_loss.item() == pytest.approx(
        entropy(0.5, 0.3, 0.2)
    )


def test_softmax_with_a_class_that_never_occurs() -> None:
    labels = torch.tensor([0, 0, 1, 1])
    assert fitted_head("softmax", labels).trivial_loss.item() == pytest.approx(math.log(2))


def test_softmax_with_smoothing_and_a_class_weight_of_zero_is_finite() -> None:
    labels = torch.tensor([0, 1, 1, 2])
    head = fitted_head("softmax", labels, label_smoothing=0.1, class_weights=[1.0, 0.0, 1.0])
    assert head.trivial_loss.isfinite()


def test_predictions_are_the_softmax_of_the_logits() -> None:
    head = fitted_head("softmax", torch.tensor([0, 1, 2]))
    logits = torch.tensor([[0.0, math.log(2.0), 0.0]], dtype=torch.bfloat16)
    predicted = head.predict(logits)
    assert predicted.dtype == torch.float32
    torch.testing.assert_close(predicted, torch.tensor([[0.25, 0.5, 0.25]]), rtol=0.01, atol=0)
