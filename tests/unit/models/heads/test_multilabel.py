"""The multilabel head: its trivial loss against closed forms, and its predictions."""

from __future__ import annotations

import pytest
import torch

from tests.support.model_cases import entropy, fitted_head


def test_multilabel_is_the_mean_of_the_labels_entropies() -> None:
    labels = torch.tensor([[1, 0, 1], [0, 0, 1], [0, 1, 1], [0, 0, 1]])
    expected = (2 * entropy(0.25, 0.75) + 0.0) / 3
    assert fitted_head("multilabel", labels).trivial_loss.item() == pytest.approx(
        expected, rel=1e-5
    )


def test_multilabel_weighs_a_label_by_how_often_it_is_there() -> None:
    labels = torch.tensor([[1, -1, -1], [0, 1, -1], [0, 0, -1], [0, -1, -1]])
    expected = (4 * entropy(0.25, 0.75) + 2 * entropy(0.5, 0.5)) / 6
    assert fitted_head("multilabel", labels).trivial_loss.item() == pytest.approx(
        expected, rel=1e-5
    )


def test_each_label_has_a_probability_of_its_own() -> None:
    head = fitted_head("multilabel", torch.tensor([[1, 0, 1], [0, 1, 1]]))
    predicted = head.predict(torch.tensor([[0.0, 0.0, 50.0]]))
    torch.testing.assert_close(predicted, torch.tensor([[0.5, 0.5, 1.0]]))
