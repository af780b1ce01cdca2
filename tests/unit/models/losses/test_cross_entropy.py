"""Cross-entropy: class weights, and the best constant."""

from __future__ import annotations

import torch

from mtl_search.models.losses import LOSSES
from tests.support.model_cases import loss_inputs


def test_cross_entropy_with_class_weights_averages_over_labels_not_over_weights() -> None:
    output, target = loss_inputs("cross_entropy")
    one = LOSSES["cross_entropy"](class_weights=[2.0, 2.0, 2.0])
    torch.testing.assert_close(
        one(output, target, "mean"), 2 * LOSSES["cross_entropy"]()(output, target, "mean")
    )


def test_class_weights_follow_the_module_but_stay_out_of_checkpoints() -> None:
    loss = LOSSES["cross_entropy"](class_weights=[1.0, 2.0, 3.0])
    assert [name for name, _ in loss.named_buffers()] == ["weight"]
    assert not loss.state_dict()
