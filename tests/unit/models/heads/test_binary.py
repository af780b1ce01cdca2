"""The binary head: its trivial loss against the binary entropy, and its predictions."""

from __future__ import annotations

import pytest
import torch

from tests.support.model_cases import entropy, fitted_head


def test_binary_is_the_binary_entropy() -> None:
    labels = torch.tensor([1] * 3 + [0] * 7 + [-1] * 5)
    assert fitted_head("binary", labels).trivial_loss.item() == pytest.approx(entropy(0.3, 0.7))
    assert fitted_head("pair", labels).trivial_loss.item() == pytest.approx(entropy(0.3, 0.7))
