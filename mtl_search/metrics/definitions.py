"""Metrics by name: their direction and their perfect value.

`mtl_search.metrics.compute` computes them, `mtl_search.metrics.trivial` says what a constant
prediction reaches, and `mtl_search.metrics.skill` puts a value between the two.

This module loads neither torch nor torchmetrics, so that reports can ask for the direction of a
metric.
"""

from __future__ import annotations

from dataclasses import dataclass

from mtl_search.registry import Registry


@dataclass(frozen=True)
class Metric:
    """Direction and perfect value of a metric.

    Attributes:
        higher_is_better: Whether a higher value is better.
        takes_class_names: Whether the metric is computed from all labels as they are, missing ones
            included, and the names of the classes.

    Examples:
        >>> METRICS["auroc"].perfect, METRICS["rmse"].perfect
        (1.0, 0.0)
    """

    higher_is_better: bool = True
    takes_class_names: bool = False

    @property
    def perfect(self) -> float:
        """The value of a prediction without any error: 1 for a score, 0 for an error."""
        return 1.0 if self.higher_is_better else 0.0


METRICS: Registry[Metric] = Registry(
    "metric",
    {
        "accuracy": Metric(),
        "balanced_accuracy": Metric(),
        "f1": Metric(),
        "auroc": Metric(),
        "average_precision": Metric(),
        "mcc": Metric(),
        "token_accuracy": Metric(),
        "token_f1": Metric(),
        "relation_f1": Metric(takes_class_names=True),
        "span_f1": Metric(takes_class_names=True),
        "r2": Metric(),
        "mse": Metric(higher_is_better=False),
        "rmse": Metric(higher_is_better=False),
        "mae": Metric(higher_is_better=False),
    },
)
