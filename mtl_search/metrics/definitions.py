"""Metrics by name: direction, and the value of a predictor that knows nothing.

`mtl_search.metrics.compute` computes them.

This module loads neither torch nor torchmetrics, so that reports can ask for the direction of a
metric.
"""

from __future__ import annotations

from dataclasses import dataclass

from mtl_search.registry import Registry


@dataclass(frozen=True)
class Metric:
    """Direction and scale of a metric.

    Attributes:
        higher_is_better: Whether a higher value is better.
        worst: The value of a predictor that knows nothing, for normalising: 0.5 for AUROC, 0 for
            accuracy. For metrics in the target's own units it is a multiple of the labels' standard
            deviation (mae, rmse: 1) or variance (mse: 1).
        power: 0 when `worst` is a plain number; 1 or 2 when it is a multiple of the standard
            deviation to that power.
        takes_class_names: Whether the metric is computed from all labels as they are, missing ones
            included, and the names of the classes.

    Examples:
        >>> Metric(worst=0.5).normalise(0.75)
        0.5
        >>> METRICS["rmse"].normalise(1.0, deviation=4.0)
        0.75
    """

    higher_is_better: bool = True
    worst: float = 0.0
    power: int = 0
    takes_class_names: bool = False

    def normalise(self, value: float, deviation: float = 1.0) -> float:
        """Return the value on a scale where 1 is perfect and 0 knows nothing.

        Args:
            value: A value of this metric.
            deviation: The standard deviation of the training labels, for metrics in the target's
                units.
        """
        worst = self.worst * deviation**self.power
        best = 1.0 if self.higher_is_better else 0.0
        return (value - worst) / (best - worst)


METRICS: Registry[Metric] = Registry(
    "metric",
    {
        "accuracy": Metric(),
        "balanced_accuracy": Metric(),
        "f1": Metric(),
        "auroc": Metric(worst=0.5),
        "average_precision": Metric(),
        "mcc": Metric(),
        "token_accuracy": Metric(),
        "token_f1": Metric(),
        "relation_f1": Metric(takes_class_names=True),
        "span_f1": Metric(takes_class_names=True),
        "r2": Metric(),
        "mse": Metric(higher_is_better=False, worst=1.0, power=2),
        "rmse": Metric(higher_is_better=False, worst=1.0, power=1),
        "mae": Metric(higher_is_better=False, worst=1.0, power=1),
    },
)
