"""Losses against formulas written out by hand, label by label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
import torch

from mtl_search.errors import ConfigError
from tests.support.model_cases import ELEMENTWISE_CASES, build_loss, loss_inputs


@pytest.mark.parametrize("name", ELEMENTWISE_CASES)
def test_each_label_has_the_loss_of_the_formula(name: str) -> None:
    arguments, formula = ELEMENTWISE_CASES[name]
    output, target = loss_inputs(name)
    expected = [formula(z, y) for z, y in zip(output.double().numpy(), target.numpy(), strict=True)]
    np.testing.assert_allclose(
        build_loss(name, **arguments)(output, target).numpy(), expected, rtol=1e-5, atol=1e-6
    )


@pytest.mark.parametrize("name", ELEMENTWISE_CASES)
def test_reductions_agree_with_the_loss_of_each_label(name: str) -> None:
    loss = build_loss(name, **ELEMENTWISE_CASES[name][0])
    output, target = loss_inputs(name)
    each = loss(output, target)
    assert each.shape == target.shape
    torch.testing.assert_close(loss(output, target, "sum"), each.sum())
    torch.testing.assert_close(loss(output, target, "mean"), each.mean())


@pytest.mark.parametrize("name", ELEMENTWISE_CASES)
def test_half_precision_outputs_are_scored_in_float32(name: str) -> None:
    loss = build_loss(name, **ELEMENTWISE_CASES[name][0])
    output, target = loss_inputs(name)
    rounded = output.bfloat16()
    assert loss(rounded, target).dtype == torch.float32
    torch.testing.assert_close(loss(rounded, target, "mean"), loss(rounded.float(), target, "mean"))


BAD: list[tuple[str, Mapping[str, Any], str]] = [
    ("cross_entropy", {"label_smoothing": 1.0}, "label_smoothing"),
    ("cross_entropy", {"label_smoothing": "much"}, "label_smoothing"),
    ("cross_entropy", {"class_weights": "balanced"}, "class_weights"),
    ("cross_entropy", {"class_weights": [1.0, -1.0]}, "class_weights"),
    ("binary_cross_entropy", {"pos_weight": 0}, "pos_weight"),
    ("binary_cross_entropy", {"pos_weight": [1.0, "x"]}, "pos_weight"),
    ("huber", {"delta": 0}, "delta"),
    ("huber", {"delta": float("nan")}, "delta"),
    ("huber", {"delta": float("inf")}, "delta"),
    ("smooth_l1", {"beta": -0.1}, "beta"),
    ("pinball", {"quantile": 1.0}, "quantile"),
    ("contrastive", {"margin": True}, "margin"),
    ("cosine", {"margin": 1.0}, "margin"),
]


@pytest.mark.parametrize(("name", "arguments", "path"), BAD)
def test_an_argument_out_of_range_is_named(
    name: str, arguments: Mapping[str, Any], path: str
) -> None:
    with pytest.raises(ConfigError, match="is needed") as caught:
        build_loss(name, **arguments)
    assert caught.value.path == path
