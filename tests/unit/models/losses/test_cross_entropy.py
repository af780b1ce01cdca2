"""Cross-entropy: class weights, and the best constant."""

from __future__ import annotations

from typing import Any

import pytest
import torch

from mtl_search.errors import ConfigError
from mtl_search.models.losses.cross_entropy import CrossEntropy
from tests.support.model_cases import loss_inputs


def test_cross_entropy_with_class_weights_averages_over_labels_not_over_weights() -> None:
    output, target = loss_inputs("cross_entropy")
    one = CrossEntropy(class_weights=[2.0, 2.0, 2.0])
    torch.testing.assert_close(
        one(output, target, "mean"), 2 * CrossEntropy()(output, target, "mean")
    )


def test_class_weights_follow_the_module_but_stay_out_of_checkpoints() -> None:
    loss = CrossEntropy(class_weights=[1.0, 2.0, 3.0])
    assert [name for name, _ in loss.named_buffers()] == ["weight"]
    assert not loss.state_dict()


@pytest.mark.parametrize(
    "arguments", [{}, {"label_smoothing": 0.3}, {"class_weights": [1.0, 0.2, 3.0]}]
)
def test_best_constant_has_no_slope(arguments: dict[str, Any]) -> None:
    labels = torch.tensor([0] * 5 + [1] * 3 + [2] * 2)
    loss = CrossEntropy(**arguments)
    prior = torch.tensor([0.5, 0.3, 0.2])
    best = loss.best_constant(prior.log(), labels).requires_grad_()
    (slope,) = torch.autograd.grad(loss(best.expand(10, 3), labels, "mean"), best)
    torch.testing.assert_close(slope, torch.zeros(3), rtol=0, atol=1e-6)


def test_weights_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ConfigError, match="one weight above 0"):
        CrossEntropy(class_weights=[0.0, 0.0])
    with pytest.raises(ConfigError, match="3 weights") as caught:
        CrossEntropy(class_weights=[1.0, 2.0]).check_size(3)
    assert caught.value.path == "class_weights"
