"""Metrics by name: their direction and their perfect value.

`mtl_search.metrics.compute` computes them, `mtl_search.metrics.trivial` says what a constant
prediction reaches, and `mtl_search.metrics.skill` puts a value between the two.

This module loads neither torch nor torchmetrics, so that reports can ask for the direction of a
metric.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mtl_search.registry import Registry


@dataclass(frozen=True)
class Metric:
    """Direction, perfect value and meaning of a metric.

    Attributes:
        summary: What it is, in a few words.
        reference: The function of another library that gives the same value.
        undefined: The labels that leave it undefined, so that it is left out by name.
        span: The values that it can have.
        higher_is_better: Whether a higher value is better.
        takes_class_names: Whether the metric is computed from all labels as they are, missing ones
            included, and the names of the classes.

    Examples:
        >>> METRICS["auroc"].perfect, METRICS["rmse"].perfect
        (1.0, 0.0)
    """

    summary: str
    reference: str
    undefined: str = "there is no label"
    span: str = "0 to 1"
    higher_is_better: bool = True
    takes_class_names: bool = False

    @property
    def perfect(self) -> float:
        """The value of a prediction without any error: 1 for a score, 0 for an error."""
        return 1.0 if self.higher_is_better else 0.0


_ONE_OUTCOME = "only one outcome occurs; a class or label of one outcome is left out of the mean"
_NO_POSITIVE = "there is no positive label; a label of several without one is left out of the mean"
_ALIKE = "all labels are alike"
_ERROR = "0 and above"


def _top(k: int) -> Metric:
    return Metric(
        f"share of samples whose class is among the {k} most probable",
        f"sklearn.metrics.top_k_accuracy_score(k={k})",
        f"there are {k} classes or fewer",
    )


def _error(summary: str, reference: str, span: str = _ERROR) -> Metric:
    return Metric(summary, reference, span=span, higher_is_better=False)


def _pinball(percent: int) -> Metric:
    return _error(
        f"pinball loss of the prediction as the {percent} % quantile",
        f"sklearn.metrics.mean_pinball_loss(alpha={percent / 100:g})",
    )


METRICS: Registry[Metric] = Registry(
    "metric",
    {
        "accuracy": Metric("share of samples that are right", "sklearn.metrics.accuracy_score"),
        "balanced_accuracy": Metric(
            "mean recall of the classes that occur", "sklearn.metrics.balanced_accuracy_score"
        ),
        "top_2_accuracy": _top(2),
        "top_3_accuracy": _top(3),
        "top_5_accuracy": _top(5),
        "f1": Metric(
            "F1 of the positives; of several labels or classes their unweighted mean",
            "sklearn.metrics.f1_score",
            _NO_POSITIVE,
        ),
        "f1_macro": Metric(
            "unweighted mean of the F1 of each class or label",
            "sklearn.metrics.f1_score(average='macro')",
            "of several labels: there is no positive one; one without is left out of the mean",
        ),
        "f1_micro": Metric(
            "F1 over the answers of all classes or labels together",
            "sklearn.metrics.f1_score(average='micro')",
            "of several labels: there is no positive one",
        ),
        "f1_weighted": Metric(
            "mean of the F1 of each class or label, by how often it occurs",
            "sklearn.metrics.f1_score(average='weighted')",
            "of several labels: there is no positive one",
        ),
        "auroc": Metric(
            "area under the ROC curve; of classes, each against the rest",
            "sklearn.metrics.roc_auc_score(multi_class='ovr')",
            _ONE_OUTCOME,
        ),
        "average_precision": Metric(
            "mean precision over the positives; of classes, each against the rest",
            "sklearn.metrics.average_precision_score",
            _ONE_OUTCOME,
        ),
        "mcc": Metric(
            "correlation of Matthews; 0 for predictions that are all alike",
            "sklearn.metrics.matthews_corrcoef",
            "only one class occurs",
            "-1 to 1",
        ),
        "brier_score_loss": _error(
            "mean squared distance of the probabilities from the outcome",
            "sklearn.metrics.brier_score_loss",
            "0 to 1; of classes 0 to 2",
        ),
        "calibration_error": Metric(
            "expected calibration error in 15 bins of confidence; a constant prediction is "
            "perfect, so it has no skill",
            "torchmetrics.CalibrationError(n_bins=15)",
            higher_is_better=False,
        ),
        "token_accuracy": Metric(
            "share of tokens that are right", "sklearn.metrics.accuracy_score"
        ),
        "token_f1": Metric(
            "unweighted mean of the F1 of each tag", "sklearn.metrics.f1_score(average='macro')"
        ),
        "token_f1_weighted": Metric(
            "mean of the F1 of each tag, by how often it occurs",
            "sklearn.metrics.f1_score(average='weighted')",
        ),
        "relation_f1": Metric(
            "official score of SemEval-2010 Task 8",
            "semeval2010_task8_scorer-v1.2.pl",
            "no relation occurs",
            takes_class_names=True,
        ),
        "span_f1": Metric(
            "F1 of whole entities",
            "seqeval.metrics.f1_score",
            "no entity occurs",
            takes_class_names=True,
        ),
        "r2": Metric(
            "share of the variance that is explained",
            "sklearn.metrics.r2_score",
            _ALIKE,
            "at most 1",
        ),
        "pearson_corrcoef": Metric(
            "correlation of predictions and labels; 0 for predictions that are all alike",
            "scipy.stats.pearsonr",
            f"{_ALIKE}; such an element of a vector is left out of the mean",
            "-1 to 1",
        ),
        "spearman_corrcoef": Metric(
            "correlation of their ranks; 0 for predictions that are all alike",
            "scipy.stats.spearmanr",
            f"{_ALIKE}; such an element of a vector is left out of the mean",
            "-1 to 1",
        ),
        "mse": _error("mean squared error", "sklearn.metrics.mean_squared_error"),
        "rmse": _error(
            "square root of the mean squared error", "sklearn.metrics.root_mean_squared_error"
        ),
        "mae": _error("mean absolute error", "sklearn.metrics.mean_absolute_error"),
        "pinball_loss_10": _pinball(10),
        "pinball_loss_50": _pinball(50),
        "pinball_loss_90": _pinball(90),
    },
)


# Metric of one's own → whether a higher value is better. Reports read it from the journal, since
# they load none of the user's code.
Directions = Mapping[str, bool]


def is_higher_better(metric: str, own: Directions | None = None) -> bool:
    """Return whether a higher value of a metric is better.

    Args:
        metric: The metric's name.
        own: The metrics of one's own, with their direction.

    Examples:
        >>> is_higher_better("rmse"), is_higher_better("profit", {"profit": True})
        (False, True)
    """
    if own is not None and metric in own:
        return own[metric]
    return METRICS[metric].higher_is_better
