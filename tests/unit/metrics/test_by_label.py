"""Scores of single labels against scikit-learn, and against the metrics that are their means."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import metrics as sk

from mtl_search.data.types import MISSING, Array, TargetKind
from mtl_search.metrics.by_label import label_scores
from mtl_search.metrics.compute import compute
from mtl_search.metrics.metric_key import POSITIVES
from mtl_search.metrics.own import metric

LABELS = 4
SCORES = ("auroc", "average_precision", "brier_score_loss", "calibration_error", "f1")


def multilabel() -> tuple[Array, Array]:
    """Probabilities, labels (60, 4): some missing, the third never positive, the last unknown."""
    rng = np.random.default_rng(0)
    p = rng.random((60, LABELS)).astype(np.float32)
    y = (rng.random((60, LABELS)) < 0.4).astype(np.int64)
    y[rng.random((60, LABELS)) < 0.2] = MISSING
    y[:, 2] = np.minimum(y[:, 2], 0)
    y[:, 3] = MISSING
    return p, y


def classes() -> tuple[Array, Array]:
    """Probabilities (60, 4) and classes (60,): some missing, the last one never there."""
    rng = np.random.default_rng(1)
    return rng.dirichlet(np.ones(LABELS), 60).astype(np.float32), rng.integers(-1, LABELS - 1, 60)


def scores_of(kind: TargetKind, p: Array, y: Array, *metrics: str) -> dict[str, Array]:
    names = {metric: metric for metric in metrics}
    return label_scores(names, torch.from_numpy(p), torch.from_numpy(y), kind, LABELS)


def test_each_label_has_the_score_of_scikit_learn() -> None:
    p, y = multilabel()
    scores = scores_of("multilabel", p, y, *SCORES)
    assert list(scores[POSITIVES]) == [(y[:, label] == 1).sum() for label in range(LABELS)]
    for label in (0, 1):
        known = y[:, label] != MISSING
        truth, probability = y[known, label], p[known, label]
        expected = {
            "auroc": sk.roc_auc_score(truth, probability),
            "average_precision": sk.average_precision_score(truth, probability),
            "brier_score_loss": sk.brier_score_loss(truth, probability),
            "f1": sk.f1_score(truth, probability > 0.5),
            "precision": sk.precision_score(truth, probability > 0.5),
            "recall": sk.recall_score(truth, probability > 0.5),
        }
        assert {name: scores[name][label] for name in expected} == pytest.approx(expected, rel=1e-5)
    for name in ("auroc", "average_precision", "f1", "precision", "recall"):
        assert np.isnan(scores[name][2:]).all()
    assert np.isfinite(scores["brier_score_loss"]).tolist() == [True, True, True, False]


def test_each_class_has_the_score_of_scikit_learn() -> None:
    p, y = classes()
    scores = scores_of("class", p, y, "f1", "auroc")
    known = y != MISSING
    answers = p[known].argmax(1)
    precision, recall, f1, count = sk.precision_recall_fscore_support(
        y[known], answers, labels=range(LABELS), zero_division=0
    )
    assert scores[POSITIVES].tolist() == count.tolist()
    assert scores["f1"] == pytest.approx(f1)
    assert scores["precision"] == pytest.approx(precision)
    assert scores["recall"][:3] == pytest.approx(recall[:3])
    assert np.isnan([scores["recall"][3], scores["auroc"][3]]).all()
    for label in range(3):
        expected = sk.roc_auc_score(y[known] == label, p[known, label])
        assert scores["auroc"][label] == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("kind", "name", "score"),
    [
        *(("multilabel", name, name) for name in SCORES),
        ("multilabel", "f1_macro", "f1"),
        ("class", "f1", "f1"),
        ("class", "balanced_accuracy", "recall"),
        ("class", "auroc", "auroc"),
        ("class", "average_precision", "average_precision"),
        ("tags", "token_f1", "f1"),
    ],
)
def test_a_metric_is_the_mean_of_its_labels(kind: TargetKind, name: str, score: str) -> None:
    p, y = multilabel() if kind == "multilabel" else classes()
    if kind == "tags":
        p, y = p.argmax(1).reshape(20, 3), y.reshape(20, 3)
    value = compute(name, torch.from_numpy(p), torch.from_numpy(y), kind, LABELS)
    assert np.nanmean(scores_of(kind, p, y, name)[score]) == pytest.approx(value, rel=1e-5)


def test_what_has_no_labels_of_its_own_has_no_scores() -> None:
    p, y = classes()
    assert scores_of("class", p, y, "accuracy", "brier_score_loss", "mcc") == {}
    assert scores_of("binary", p[:, 0], np.minimum(y, 1), "f1", "auroc") == {}
    assert scores_of("real", p[:, 0], p[:, 1], "r2") == {}


def test_metrics_of_the_users_score_each_label_of_several() -> None:
    p, y = multilabel()
    own = metric(higher_is_better=True)(lambda p, y: float(p[y == 1].mean()) if y.any() else np.nan)
    tensors = torch.from_numpy(p), torch.from_numpy(y)
    # It has the name of a metric of the package, which it is not.
    scores = label_scores({"f1": own}, *tensors, "multilabel", LABELS)
    assert list(scores) == [POSITIVES, "f1"]
    assert scores["f1"][0] == pytest.approx(p[y[:, 0] == 1, 0].mean())
    assert np.isnan(scores["f1"][2:]).all()
    expected = compute(own, *tensors, "multilabel", LABELS)
    assert np.nanmean(scores["f1"]) == pytest.approx(expected)
    p, y = classes()
    of_classes = torch.from_numpy(p), torch.from_numpy(y)
    assert label_scores({"f1": own}, *of_classes, "class", LABELS) == {}


def test_without_a_label_nothing_is_defined() -> None:
    p, y = multilabel()
    scores = scores_of("multilabel", p, np.full_like(y, MISSING), "auroc")
    assert scores[POSITIVES].tolist() == [0] * LABELS
    assert np.isnan(scores["auroc"]).all()
