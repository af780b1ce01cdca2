"""The binary head: its trivial loss against the binary entropy, and its predictions."""

from __future__ import annotations

import math

import pytest
import torch

from mtl_search.models.heads.binary import binary_trivial
from mtl_search.models.losses.binary_cross_entropy import BinaryCrossEntropy
from tests.support.model_cases import entropy, fitted_head


def test_binary_is_the_binary_entropy() -> None:
    labels = torch.tensor([1] * 3 + [0] * 7 + [-1] * 5)
    assert fitted_head("binary", labels).trivial_loss.item() == pytest.approx(entropy(0.3, 0.7))
    assert fitted_head("pair", labels).trivial_loss.item() == pytest.approx(entropy(0.3, 0.7))


def test_an_output_is_one_logit_and_a_prediction_the_probability_of_label_1() -> None:
    head = fitted_head("binary", torch.tensor([0, 1, 1]))
    assert head(torch.zeros(3, 5)).shape == (3,)
    predicted = head.predict(torch.tensor([0.0, math.log(3.0)]))
    torch.testing.assert_close(predicted, torch.tensor([0.5, 0.75]))


def test_columns_of_one_class_or_none_cost_nothing() -> None:
    target = torch.tensor([[1, 0, -1, 1], [1, 0, -1, 0]])
    trivial = binary_trivial(BinaryCrossEntropy(), target)
    torch.testing.assert_close(trivial, torch.tensor([0.0, 0.0, 0.0, math.log(2)]))
