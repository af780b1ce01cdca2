"""The base of heads: missing labels, trivial loss, pooling."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from torch import Tensor

from mtl_search.errors import ConfigError
from mtl_search.models.heads.base import labelled_in
from tests.support.model_cases import HEAD_CASES


def test_missing_labels_of_the_training_split_turn_the_short_way_off() -> None:
    """A head that was fitted on missing labels must remember them, whatever its target says."""
    case = HEAD_CASES["binary"]
    head = case.build("binary", case.losses[0], case.labels(24, missing=False))
    assert head.complete
    head.fit(case.labels(24, missing=True))
    assert not head.complete


@pytest.mark.parametrize(
    ("target", "labelled"),
    [
        (torch.tensor([0, -1, 2]), [True, False, True]),
        (torch.tensor([0.0, float("nan"), -1.0]), [True, False, True]),
        (torch.tensor([[1, -1], [-1, 0]]), [[True, False], [False, True]]),
    ],
)
def test_missing_labels_are_minus_one_or_nan(target: Tensor, labelled: list[Any]) -> None:
    assert labelled_in(target).tolist() == labelled


@pytest.mark.parametrize(
    ("loss", "trivial"), [(0.7, 0.7), (0.0, 1.0), (1e-9, 1.0), (math.nan, 1.0), (math.inf, 1.0)]
)
def test_a_trivial_loss_that_cannot_divide_is_1(loss: float, trivial: float) -> None:
    case = HEAD_CASES["binary"]
    head = case.build("binary", case.losses[0], case.labels(24, missing=False))
    head.set_trivial(torch.tensor(loss))
    assert head.trivial_loss.item() == pytest.approx(trivial)


def test_a_pooled_head_reads_vectors_tokens_and_maps() -> None:
    case = HEAD_CASES["softmax"]
    head = case.build("softmax", case.losses[0], case.labels(24, missing=False)).eval()
    tokens = torch.randn(2, 7, 5)
    mask = torch.arange(7) < torch.tensor([[7], [3]])
    pooled = torch.stack([tokens[0].amax(0), tokens[1, :3].amax(0)])
    torch.testing.assert_close(head(tokens, masks=[mask]), head(pooled))
    image = torch.randn(2, 5, 4, 3)
    torch.testing.assert_close(head(image), head(image.mean((2, 3))))


def test_an_unknown_pool_is_refused() -> None:
    case = HEAD_CASES["softmax"]
    labels = case.labels(24, missing=False)
    with pytest.raises(ConfigError) as caught:
        case.build("softmax", case.losses[0], labels, pool="maximum")
    assert caught.value.path == "pool"


def test_a_loss_that_does_not_fit_the_target_is_refused() -> None:
    case = HEAD_CASES["softmax"]
    labels = case.labels(24, missing=False)
    with pytest.raises(ConfigError, match="3 weights"):
        case.build("softmax", ("cross_entropy", {"class_weights": [1.0, 2.0]}), labels)
