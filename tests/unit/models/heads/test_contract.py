"""A user's loss and head are held against their contract before anything trains."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mtl_search.config.sections.task import TaskConfig
from mtl_search.data.dataset import Target
from mtl_search.errors import ConfigError
from mtl_search.models.heads.base import Head, Masks, PooledHead
from mtl_search.models.heads.build import build_head
from mtl_search.models.losses import as_elementwise
from mtl_search.models.losses.base import ElementwiseLoss, Reduction, reduced

REAL = Target(np.array([1.0, np.nan, 3.0, 8.0, 2.0], np.float32), "real", ())
VECTOR = Target(np.array([[1, 2], [np.nan, 3], [5, 6]], np.float32), "vector", ("a", "b"))
CLASS = Target(np.array([0, 1, -1, 2]), "class", ("a", "b", "c"))
BINARY = Target(np.array([0, 1, -1, 1]), "binary", ("no", "yes"))
LABELS = Target(np.array([[0, 1], [1, -1], [1, 0]]), "multilabel", ("a", "b"))
HERE = __name__


def each(output: Tensor, target: Tensor) -> Tensor:
    """A right loss."""
    return (output - target).abs()


def mean(output: Tensor, target: Tensor) -> Tensor:
    """A loss that reduces."""
    return (output - target).abs().mean()


def by_sample(output: Tensor, target: Tensor) -> Tensor:
    """A loss that reduces over the elements of a vector."""
    return (output - target).square().mean(dim=-1)


def detached(output: Tensor, target: Tensor) -> Tensor:
    """A loss without a gradient."""
    return (output.detach() - target).abs()


def infinite(output: Tensor, target: Tensor) -> Tensor:
    """A loss that is not finite at a label that occurs."""
    return (output - target).abs() / (target * 0)


def relative(output: Tensor, target: Tensor) -> Tensor:
    """A loss of one label that depends on the outputs of all samples."""
    losses = (output - target).abs()
    return losses / losses.mean()


def number(output: Tensor, target: Tensor) -> float:
    """A loss that is no tensor."""
    return 1.0


def failing(output: Tensor, target: Tensor) -> Tensor:
    """A loss that fails."""
    return output @ torch.ones(99)


def binary_each(output: Tensor, target: Tensor) -> Tensor:
    """A right loss of logits."""
    return F.binary_cross_entropy_with_logits(output, target.float(), reduction="none")


class MeanOnly(ElementwiseLoss):
    """A subclass that pays no heed to `reduction`."""

    def forward(self, output: Tensor, target: Tensor, reduction: Reduction = "none") -> Tensor:
        """Return the losses, never reduced to their sum."""
        return reduced((output - target).abs(), "none" if reduction == "none" else "mean")


class InDouble(ElementwiseLoss):
    """A right loss that adds up in float64."""

    def forward(self, output: Tensor, target: Tensor, reduction: Reduction = "none") -> Tensor:
        """Return the losses in float32, or their sum or mean in float64."""
        losses = (output - target).abs()
        return losses if reduction == "none" else reduced(losses.double(), reduction)


class RightHead(PooledHead):
    """A right head of one's own."""

    target_kinds = ("real",)
    losses = ("mse",)
    metrics = ("rmse",)

    def forward(self, *features: Tensor, masks: Masks = ()) -> Tensor:
        """Return (B,)."""
        return super().forward(*features, masks=masks).squeeze(1)

    def predict(self, output: Tensor) -> Tensor:
        """Return (B,)."""
        return output

    def fit(self, target: Tensor) -> None:
        """Leave all as it is."""


class LargeBatches(RightHead):
    """A head that fails on a batch of a few samples, as the last one of an epoch may be."""

    def forward(self, *features: Tensor, masks: Masks = ()) -> Tensor:
        """Return (B,)."""
        assert len(features[0]) > 10
        return super().forward(*features, masks=masks)


class WidePrediction(RightHead):
    """A head that predicts (B, 1) where (B,) is needed."""

    def predict(self, output: Tensor) -> Tensor:
        """Return (B, 1)."""
        return output.unsqueeze(1)


class CountsAll(RightHead):
    """A head whose sum counts missing labels as 0."""

    def loss_sum(self, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return the sum over all samples."""
        losses = (output - target.nan_to_num()).abs()
        return losses.sum(), torch.tensor(len(losses))


class LearnsFromMissing(RightHead):
    """A head that counts rightly and learns from label 0 where there is none."""

    def loss_sum(self, output: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """Return the sum over all samples and the number of labels."""
        return (output - target.nan_to_num()).abs().sum(), (~target.isnan()).sum()


def built(target: Target, head: str, loss: object = None) -> Head:
    section = TaskConfig.model_validate({"head": head, "loss": loss})
    return build_head("left", section, 5, target)


@pytest.mark.parametrize(
    ("target", "head", "loss"),
    [
        (REAL, "regression", f"{HERE}:each"),
        (VECTOR, "regression", f"{HERE}:each"),
        (BINARY, "binary", f"{HERE}:binary_each"),
        (LABELS, "multilabel", f"{HERE}:binary_each"),
        (BINARY, "binary", "torch.nn:MSELoss"),
        (REAL, f"{HERE}:RightHead", None),
        (REAL, "regression", f"{HERE}:InDouble"),
    ],
)
def test_parts_that_keep_the_contract_are_built(target: Target, head: str, loss: object) -> None:
    assert built(target, head, loss).training


def log_cosh(output: Tensor, target: Tensor) -> Tensor:
    """A loss that is finite in standard deviations, and infinite in grams."""
    return (output - target).cosh().log()


class Unfitted(RightHead):
    """A head whose `fit` fails."""

    def fit(self, target: Tensor) -> None:
        """Fail."""
        raise LookupError("no scale")


def test_a_loss_sees_labels_as_training_scales_them() -> None:
    grams = Target(np.array([4000.0, np.nan, 3500.0, 5200.0, 2700.0], np.float32), "real", ())
    assert built(grams, "regression", f"{HERE}:log_cosh").training


def test_a_head_that_cannot_be_fitted_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"`fit` fails on labels of shape \(5,\): LookupError"):
        built(REAL, f"{HERE}:Unfitted", None)


@pytest.mark.parametrize(
    ("target", "head", "loss"),
    [
        (REAL, "regression", {"name": "torch.nn:HuberLoss", "delta": 2.0}),
        (REAL, "regression", "torch.nn:SmoothL1Loss"),
        (CLASS, "softmax", "torch.nn:CrossEntropyLoss"),
    ],
)
def test_a_loss_of_torch_does_not_reduce(target: Target, head: str, loss: object) -> None:
    made = built(target, head, loss)
    labels = torch.from_numpy(target.values)
    output = torch.randn(len(labels), 3) if head == "softmax" else torch.randn(len(labels))
    missing = int((~target.labelled).argmax())
    output[missing] = 1000.0
    total, count = made.loss_sum(output, labels)
    known = torch.from_numpy(target.labelled)
    expected = made.elementwise(output[known], labels[known]).sum()
    assert float(total) == pytest.approx(float(expected))
    assert int(count) == len(labels) - 1


@pytest.mark.parametrize(
    ("target", "head", "loss", "path", "words"),
    [
        (REAL, "regression", "mean", "loss", r"shape \(\) for labels of shape \(4,\)"),
        (VECTOR, "regression", "by_sample", "loss", r"shape \(3,\) for labels of shape \(3, 2\)"),
        (REAL, "regression", "number", "loss", r"returns float for labels of shape \(4,\)"),
        (REAL, "regression", "detached", "loss", "no gradient reaches"),
        (REAL, "regression", "infinite", "loss", "is not finite"),
        (REAL, "regression", "relative", "loss", "whose label is missing"),
        (REAL, "regression", "failing", "loss", "cannot be computed from an output of shape"),
        (REAL, "regression", "MeanOnly", "loss", "with reduction='sum' the loss returns"),
        (BINARY, "binary", "torch.nn:SoftMarginLoss", "loss", "learnt from samples with label 0"),
        (LABELS, "multilabel", "torch.nn:HingeEmbeddingLoss", "loss", "samples with label 0"),
        (CLASS, "softmax", "each", "loss", r"shape \(3, 3\) for labels of shape \(3,\)"),
        (REAL, "LargeBatches", None, "head", r"fails on 1 view\(s\) of features of shape"),
        (REAL, "WidePrediction", None, "head", r"returns shape \(4, 1\) for 4 samples .* \(4,\)"),
        (REAL, "CountsAll", None, "head", "over 4 labels, and needed is .* the 3 labels"),
        (REAL, "LearnsFromMissing", None, "head", "whose label is missing"),
    ],
)
def test_a_part_that_breaks_the_contract_is_refused(
    target: Target, head: str, loss: str | None, path: str, words: str
) -> None:
    head = head if head.islower() else f"{HERE}:{head}"
    with pytest.raises(ConfigError, match=words) as caught:
        built(target, head, loss and (loss if ":" in loss else f"{HERE}:{loss}"))
    assert caught.value.path == f"tasks.left.{path}"
    assert "\n" not in caught.value.problem


def test_a_module_of_torch_is_left_as_it_is_elsewhere() -> None:
    module = nn.MSELoss()
    assert as_elementwise(module)(torch.zeros(3), torch.ones(3)).shape == (3,)
    assert module.reduction == "mean"


def test_building_leaves_the_random_numbers_alone() -> None:
    def after(loss: str | None) -> float:
        torch.manual_seed(0)
        built(REAL, "regression", loss)
        return float(torch.rand(()))

    assert after(f"{HERE}:each") == after(None)


@pytest.mark.parametrize(("target", "head"), [(BINARY, "binary"), (LABELS, "multilabel")])
def test_the_loss_of_torch_for_logits_is_that_of_the_head(target: Target, head: str) -> None:
    own = built(target, head, "torch.nn:BCEWithLogitsLoss")
    labels = torch.from_numpy(target.values)
    output = torch.randn(labels.shape)
    theirs = built(target, head).loss_sum(output, labels)
    for value, expected in zip(own.loss_sum(output, labels), theirs, strict=True):
        torch.testing.assert_close(value, expected)
