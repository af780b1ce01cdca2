"""Every metric by another library, over labelled samples: scikit-learn, scipy, torchmetrics."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from scipy import stats
from sklearn import metrics as sk

from mtl_search.data.types import Array, TargetKind
from mtl_search.extras import define_torchvision_schemas

define_torchvision_schemas()  # torchmetrics imports torchvision

from torchmetrics.functional import classification as tm  # noqa: E402

# Computes a metric from predictions and labels (N, ...), of which some may be missing.
Reference = Callable[[Array, Array], float]


def _known(y: Array) -> Array:
    return ~np.isnan(y) if y.dtype.kind == "f" else y != -1


def _flat(score: Callable[[Array, Array], float]) -> Reference:
    """Take the labelled samples, tokens or elements, all together."""

    def of_known(p: Array, y: Array) -> float:
        known = _known(y)
        return float(score(p[known], y[known])) if known.any() else float("nan")

    return of_known


def _columns(score: Callable[[Array, Array], float]) -> Reference:
    """Take the mean over the labels or elements by themselves; those without a value are left out.

    They are what scikit-learn and scipy warn of as undefined.
    """

    def mean(p: Array, y: Array) -> float:
        values = [score(p[_known(y[:, i]), i], y[_known(y[:, i]), i]) for i in range(y.shape[1])]
        return float(np.nanmean(values)) if not np.isnan(values).all() else float("nan")

    return mean


def _answer(p: Array) -> Array:
    return p.argmax(1) if p.ndim == 2 else (p > 0.5).astype(int)


def _sk(function: Callable[..., Any], **options: Any) -> Callable[[Array, Array], float]:
    return lambda p, y: float(function(y, p, **options))


def _sk_answers(function: Callable[..., Any], **options: Any) -> Callable[[Array, Array], float]:
    return lambda p, y: float(function(y, _answer(p), **options))


def _positive_f1(p: Array, y: Array) -> float:
    """Return nan where scikit-learn calls F1 ill-defined for want of a positive label."""
    return float(sk.f1_score(y, _answer(p), zero_division=0)) if y.any() else float("nan")


def _ranking(function: Callable[..., Any]) -> Callable[[Array, Array], float]:
    def of(p: Array, y: Array) -> float:
        return float(function(y, p)) if len(set(y.tolist())) == 2 else float("nan")

    return of


def _one_against_rest(score: Callable[[Array, Array], float]) -> Callable[[Array, Array], float]:
    def mean(p: Array, y: Array) -> float:
        values = [score(p[:, label], (y == label).astype(int)) for label in range(p.shape[1])]
        return float(np.nanmean(values)) if not np.isnan(values).all() else float("nan")

    return mean


def _mcc(p: Array, y: Array) -> float:
    if len(set(y.tolist())) < 2:
        return float("nan")
    return float(sk.matthews_corrcoef(y, _answer(p)))


def _top(k: int) -> Reference:
    def accuracy(p: Array, y: Array) -> float:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # k of as many classes
            labels = range(p.shape[1])
            return float(sk.top_k_accuracy_score(y, p, k=k, labels=list(labels)))

    return _flat(accuracy)


def _brier_of_classes(p: Array, y: Array) -> float:
    p = p.astype(np.float64)
    return float(
        sk.brier_score_loss(
            y, p / p.sum(1, keepdims=True), labels=list(range(p.shape[1])), scale_by_half=False
        )
    )


def _brier(p: Array, y: Array) -> float:
    if len(y) == 0:
        return float("nan")
    return float(sk.brier_score_loss(y, p, labels=[0, 1], pos_label=1))


def _calibration(p: Array, y: Array) -> float:
    if len(y) == 0:
        return float("nan")
    scores, labels = torch.from_numpy(p), torch.from_numpy(y)
    if p.ndim == 1:
        return float(tm.binary_calibration_error(scores, labels, n_bins=15))
    return float(tm.multiclass_calibration_error(scores, labels, num_classes=p.shape[1], n_bins=15))


def _multilabel_f1(average: str) -> Reference:
    """Return scikit-learn's of cells that are there: one without a label is no cell of either."""

    def of(p: Array, y: Array) -> float:
        known = _known(y)
        predicted, actual = (p > 0.5) & known, (y == 1) & known
        if not actual.any():
            return float("nan")
        return float(sk.f1_score(actual, predicted, average=average, zero_division=0))

    return of


def _correlation(function: Callable[..., Any]) -> Callable[[Array, Array], float]:
    def of(p: Array, y: Array) -> float:
        if len(y) == 0 or y.min() == y.max():
            return float("nan")
        if p.min() == p.max():
            return 0.0  # scipy: nan, with a warning
        return float(function(p.astype(np.float64), y.astype(np.float64)).statistic)

    return of


def _r2(p: Array, y: Array) -> float:
    if len(y) < 2:
        return float("nan")
    return float(sk.r2_score(y.astype(np.float64), p.astype(np.float64)))


def _variance_weighted_r2(p: Array, y: Array) -> float:
    """Return scikit-learn's, plus the errors of elements that do not vary, which it ignores."""
    p, y = p.astype(np.float64), y.astype(np.float64)
    lost, spread = np.nansum((y - p) ** 2), np.nansum((y - np.nanmean(y, 0)) ** 2)
    return float(1 - lost / spread) if spread > 0 else float("nan")


def _pinball(alpha: float) -> Reference:
    return _flat(_sk(sk.mean_pinball_loss, alpha=alpha))


def _of_answers(name: str) -> dict[tuple[str, TargetKind], Reference]:
    """Return accuracy and averages of F1, of classes and of two outcomes."""
    scores: dict[str, Reference] = {
        "accuracy": _flat(_sk_answers(sk.accuracy_score)),
        "balanced_accuracy": _flat(_sk_answers(sk.balanced_accuracy_score)),
        "f1_macro": _flat(_sk_answers(sk.f1_score, average="macro", zero_division=0)),
        "f1_micro": _flat(_sk_answers(sk.f1_score, average="micro", zero_division=0)),
        "f1_weighted": _flat(_sk_answers(sk.f1_score, average="weighted", zero_division=0)),
    }
    return {(name, "class"): scores[name], (name, "binary"): scores[name]}


def _of_reals(name: str, score: Reference) -> dict[tuple[str, TargetKind], Reference]:
    return {(name, "real"): score, (name, "vector"): score}


REFERENCES: dict[tuple[str, TargetKind], Reference] = {
    **_of_answers("accuracy"),
    **_of_answers("balanced_accuracy"),
    **_of_answers("f1_macro"),
    **_of_answers("f1_micro"),
    **_of_answers("f1_weighted"),
    ("top_2_accuracy", "class"): _top(2),
    ("top_3_accuracy", "class"): _top(3),
    ("top_5_accuracy", "class"): _top(5),
    ("f1", "class"): _flat(_sk_answers(sk.f1_score, average="macro", zero_division=0)),
    ("f1", "binary"): _flat(_positive_f1),
    ("f1", "multilabel"): _columns(_positive_f1),
    ("f1_macro", "multilabel"): _columns(_positive_f1),
    ("f1_micro", "multilabel"): _multilabel_f1("micro"),
    ("f1_weighted", "multilabel"): _multilabel_f1("weighted"),
    ("auroc", "class"): _flat(_one_against_rest(_ranking(sk.roc_auc_score))),
    ("auroc", "binary"): _flat(_ranking(sk.roc_auc_score)),
    ("auroc", "multilabel"): _columns(_ranking(sk.roc_auc_score)),
    ("average_precision", "class"): _flat(_one_against_rest(_ranking(sk.average_precision_score))),
    ("average_precision", "binary"): _flat(_ranking(sk.average_precision_score)),
    ("average_precision", "multilabel"): _columns(_ranking(sk.average_precision_score)),
    ("mcc", "class"): _flat(_mcc),
    ("mcc", "binary"): _flat(_mcc),
    ("brier_score_loss", "class"): _flat(_brier_of_classes),
    ("brier_score_loss", "binary"): _flat(_brier),
    ("brier_score_loss", "multilabel"): _columns(_brier),
    ("calibration_error", "class"): _flat(_calibration),
    ("calibration_error", "binary"): _flat(_calibration),
    ("calibration_error", "multilabel"): _columns(_calibration),
    ("token_accuracy", "tags"): _flat(_sk(sk.accuracy_score)),
    ("token_f1", "tags"): _flat(_sk(sk.f1_score, average="macro", zero_division=0)),
    ("token_f1_weighted", "tags"): _flat(_sk(sk.f1_score, average="weighted", zero_division=0)),
    ("r2", "real"): _flat(_r2),
    ("r2", "vector"): _variance_weighted_r2,
    ("pearson_corrcoef", "real"): _flat(_correlation(stats.pearsonr)),
    ("pearson_corrcoef", "vector"): _columns(_correlation(stats.pearsonr)),
    ("spearman_corrcoef", "real"): _flat(_correlation(stats.spearmanr)),
    ("spearman_corrcoef", "vector"): _columns(_correlation(stats.spearmanr)),
    **_of_reals("mse", _flat(_sk(sk.mean_squared_error))),
    **_of_reals("rmse", _flat(_sk(sk.root_mean_squared_error))),
    **_of_reals("mae", _flat(_sk(sk.mean_absolute_error))),
    **_of_reals("pinball_loss_10", _pinball(0.1)),
    **_of_reals("pinball_loss_50", _pinball(0.5)),
    **_of_reals("pinball_loss_90", _pinball(0.9)),
}

# No library has them: see test_relation_f1.py, and test_span_f1.py for seqeval.
ELSEWHERE = {("relation_f1", "class"), ("span_f1", "tags")}


def of_heads() -> Iterator[tuple[str, TargetKind]]:
    """Yield each metric with each kind of target that some head gives it for."""
    from mtl_search.models.heads import HEADS

    pairs = dict.fromkeys(
        (metric, kind)
        for head in HEADS
        for kind in HEADS.constant(head, "target_kinds")
        for metric in HEADS.constant(head, "metrics")
    )
    yield from pairs
