"""The formulas of the metrics against torchmetrics and scikit-learn."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
import torch
from sklearn import metrics as sk
from torch import Tensor

from mtl_search.extras import define_torchvision_schemas
from mtl_search.metrics import functional

define_torchvision_schemas()  # torchmetrics imports torchvision

import torchmetrics.functional as tm  # noqa: E402
from torchmetrics.functional.classification import (  # noqa: E402
    binary_auroc,
    binary_average_precision,
)


@dataclass(frozen=True)
class Samples:
    """Predictions and labels by chance.

    Attributes:
        classes: C.
        probabilities: (N, C) probabilities of the classes.
        label: (N,) actual classes; the last class may not occur.
        score: (N,) scores from 0 to 1, some of them equal.
        positive: (N,) bool, with both outcomes.
        many: (N, C) labels 0 or 1; -1 is missing.
        prediction: (N,) predicted values.
        value: (N,) actual values.
    """

    classes: int
    probabilities: Tensor
    label: Tensor
    score: Tensor
    positive: Tensor
    many: Tensor
    prediction: Tensor
    value: Tensor


@pytest.fixture(params=range(20))
def samples(request: pytest.FixtureRequest) -> Samples:
    seed: int = request.param
    generator = torch.Generator().manual_seed(seed)
    n = int(torch.randint(2, 400, (), generator=generator))
    classes = 2 + seed % 5
    score = torch.rand(n, generator=generator)
    positive = torch.rand(n, generator=generator) < 0.3
    positive[:2] = torch.tensor([True, False])
    value = 3 * torch.randn(n, generator=generator) + 1
    return Samples(
        classes=classes,
        probabilities=torch.rand(n, classes, generator=generator).softmax(dim=1),
        label=torch.randint(0, classes - seed % 2, (n,), generator=generator),
        score=(10 * score).round() / 10 if seed % 3 else score,
        positive=positive,
        many=torch.randint(-1, 2, (n, classes), generator=generator),
        prediction=value + torch.randn(n, generator=generator),
        value=value,
    )


def test_accuracy(samples: Samples) -> None:
    predicted = samples.probabilities.argmax(dim=1)
    ours = functional.accuracy(predicted, samples.label)
    assert ours == tm.accuracy(
        samples.probabilities,
        samples.label,
        task="multiclass",
        num_classes=samples.classes,
        average="micro",
    )
    assert float(ours) == pytest.approx(sk.accuracy_score(samples.label.numpy(), predicted.numpy()))


def test_accuracy_of_positives(samples: Samples) -> None:
    ours = functional.accuracy(samples.score > 0.5, samples.positive)
    assert ours == tm.accuracy(samples.score, samples.positive.long(), task="binary")


def test_recall_of_each_class(samples: Samples) -> None:
    predicted = samples.probabilities.argmax(dim=1)
    ours = functional.count_classes(predicted, samples.label, samples.classes).recall
    theirs = tm.recall(
        samples.probabilities,
        samples.label,
        task="multiclass",
        num_classes=samples.classes,
        average="none",
    )
    assert torch.equal(ours, theirs)
    present = samples.label.unique()
    balanced = sk.recall_score(
        samples.label.numpy(), predicted.numpy(), labels=present.numpy(), average="macro"
    )
    assert float(ours[present].mean()) == pytest.approx(balanced)


def test_f1_of_classes(samples: Samples) -> None:
    predicted = samples.probabilities.argmax(dim=1)
    counts = functional.count_classes(predicted, samples.label, samples.classes)
    ours = functional.macro_mean(counts.f1, counts.occurs)
    assert ours == tm.f1_score(
        samples.probabilities,
        samples.label,
        task="multiclass",
        num_classes=samples.classes,
        average="macro",
    )
    assert float(ours) == pytest.approx(
        sk.f1_score(samples.label.numpy(), predicted.numpy(), average="macro")
    )


def test_f1_of_positives(samples: Samples) -> None:
    predicted = samples.score > 0.5
    ours = functional.count_positives(predicted, samples.positive).f1
    assert ours == tm.f1_score(samples.score, samples.positive.long(), task="binary")
    theirs = sk.f1_score(samples.positive.numpy(), predicted.numpy(), zero_division=0)
    assert float(ours) == pytest.approx(theirs)


def test_f1_of_many_labels_with_missing_ones(samples: Samples) -> None:
    predicted = samples.probabilities > 1 / samples.classes
    known = samples.many != -1
    counts = functional.count_positives(predicted, samples.many == 1, known)
    ours = functional.macro_mean(counts.f1)
    assert ours == tm.f1_score(
        predicted.long(),
        samples.many,
        task="multilabel",
        num_labels=samples.classes,
        average="macro",
        ignore_index=-1,
    )
    columns = [
        sk.f1_score(
            samples.many[rows, column].numpy(), predicted[rows, column].numpy(), zero_division=0
        )
        for column, rows in enumerate(known.T)
    ]
    assert float(ours) == pytest.approx(sum(columns) / len(columns))


def test_auroc(samples: Samples) -> None:
    ours = functional.auroc(samples.score, samples.positive)
    assert ours == binary_auroc(samples.score, samples.positive.long())
    assert float(ours) == pytest.approx(
        sk.roc_auc_score(samples.positive.numpy(), samples.score.numpy())
    )


def test_average_precision(samples: Samples) -> None:
    ours = float(functional.average_precision(samples.score, samples.positive))
    theirs = binary_average_precision(samples.score, samples.positive.long())
    assert ours == pytest.approx(float(theirs), rel=1e-6)  # summed in another order
    assert ours == pytest.approx(
        sk.average_precision_score(samples.positive.numpy(), samples.score.numpy())
    )


def test_matthews_correlation(samples: Samples) -> None:
    predicted = samples.score > 0.5
    ours = float(functional.matthews_correlation(predicted, samples.positive))
    assert ours == pytest.approx(sk.matthews_corrcoef(samples.positive.numpy(), predicted.numpy()))
    theirs = tm.matthews_corrcoef(samples.score, samples.positive.long(), task="binary")
    if 0 < predicted.sum() < len(predicted):  # else torchmetrics' is near 0, but not 0
        assert ours == pytest.approx(float(theirs), abs=1e-6)


@pytest.mark.parametrize("predicted", [True, False])
def test_matthews_correlation_of_predictions_that_are_all_alike_is_0(predicted: bool) -> None:
    label = torch.tensor([True, False, True])
    assert functional.matthews_correlation(torch.full((3,), predicted), label) == 0


def test_matthews_correlation_does_not_round_large_counts() -> None:
    label = torch.arange(400_000) % 2 == 0
    predicted = label.clone()
    predicted[:200_001] = True  # right in 3 of 4 samples, but for one
    theirs = sk.matthews_corrcoef(label.numpy(), predicted.numpy())
    assert float(functional.matthews_correlation(predicted, label)) == pytest.approx(
        theirs, rel=1e-12
    )


def test_errors_of_values(samples: Samples) -> None:
    pair = (samples.prediction, samples.value)
    assert functional.mean_squared_error(*pair) == tm.mean_squared_error(*pair)
    assert functional.mean_absolute_error(*pair) == tm.mean_absolute_error(*pair)
    ours = float(functional.r2(*pair))
    theirs = tm.r2_score(samples.prediction.double(), samples.value.double())
    assert ours == pytest.approx(float(theirs), rel=1e-12)
    assert ours == pytest.approx(sk.r2_score(samples.value.numpy(), samples.prediction.numpy()))


def test_r2_does_not_depend_on_the_unit(samples: Samples) -> None:
    """torchmetrics takes sums of squares below 1e-4 for 0."""
    metres = functional.r2(samples.prediction, samples.value)
    kilometres = functional.r2(samples.prediction * 2**-20, samples.value * 2**-20)
    assert metres == kilometres


@pytest.mark.parametrize(("prediction", "expected"), [(2.0, 1.0), (3.0, 0.0)])
def test_r2_of_values_that_are_all_alike(prediction: float, expected: float) -> None:
    value = torch.full((4,), 2.0)
    assert functional.r2(torch.full((4,), prediction), value) == expected


def test_r2_of_vectors_weighs_elements_by_their_variance() -> None:
    rng = np.random.default_rng(0)
    value = rng.normal([0, 50, 3], [1, 7, 0], (40, 3))  # the last element never varies
    prediction = value + rng.normal(size=(40, 3))
    ours = functional.vector_r2(torch.from_numpy(prediction), torch.from_numpy(value))
    theirs = sk.r2_score(value, prediction, multioutput="variance_weighted")
    # scikit-learn gives the last element no weight at all.
    lost = ((value - prediction)[:, 2] ** 2).sum() / ((value - value.mean(0)) ** 2).sum()
    assert float(ours) == pytest.approx(theirs - lost, rel=1e-12)


def test_r2_of_vectors_of_one_element_is_r2_and_leaves_missing_ones_out() -> None:
    rng = np.random.default_rng(1)
    value, prediction = torch.from_numpy(rng.normal(size=(2, 30)))
    value[::4] = torch.nan
    known = ~value.isnan()
    ours = functional.vector_r2(prediction[:, None], value[:, None])
    assert float(ours) == pytest.approx(float(functional.r2(prediction[known], value[known])))


def test_r2_of_vectors_that_are_all_alike_is_undefined() -> None:
    value = torch.tensor([[1.0, 2.0]]).expand(4, 2)
    assert functional.vector_r2(value, value).isnan()


def test_no_package_for_other_metrics_is_loaded() -> None:
    program = "import sys, mtl_search.metrics.functional; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    ).stdout.split()
    assert "mtl_search.metrics.functional" in loaded
    assert not {"torchmetrics", "torchvision", "transformers", "matplotlib", "scipy"} & set(loaded)
