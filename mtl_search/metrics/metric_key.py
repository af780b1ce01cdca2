"""Keys of metrics in results, journals and MLflow: `val/left/accuracy`."""

from __future__ import annotations

from dataclasses import dataclass

# Beside the scores of each label: how many samples have it.
POSITIVES = "positives"


@dataclass(frozen=True)
class MetricKey:
    """Key of one metric of one task on one split.

    Attributes:
        split: `train`, `val` or `test`.
        task: The task's name.
        metric: The metric's name, or `loss`; of a metric of the user's, that of its attribute.

    Examples:
        >>> str(MetricKey("val", "left", "accuracy"))
        'val/left/accuracy'
        >>> MetricKey.parse("val/left/accuracy").metric
        'accuracy'
    """

    split: str
    task: str
    metric: str

    def __str__(self) -> str:
        return f"{self.split}/{self.task}/{self.metric}"

    @classmethod
    def parse(cls, text: str) -> MetricKey:
        """Read a key.

        Args:
            text: A key such as `val/left/accuracy`. A task's name may itself contain slashes.

        Raises:
            ValueError: The text is no key of a metric of a task, as `lr` or `train/penalty`.
        """
        split, _, rest = text.partition("/")
        task, _, metric = rest.rpartition("/")
        if not (split and task and metric):
            raise ValueError(f"{text!r} is not <split>/<task>/<metric>")
        return cls(split, task, metric)


def metric_key(split: str, task: str, metric: str) -> str:
    """Return the key as text, for looking a metric up.

    Examples:
        >>> metric_key("val", "left", "accuracy")
        'val/left/accuracy'
    """
    return f"{split}/{task}/{metric}"


def scale_key(task: str, metric: str) -> str:
    """Return the key of a metric's scale and item values, which do not depend on the split.

    Examples:
        >>> scale_key("left", "accuracy")
        'left/accuracy'
    """
    return f"{task}/{metric}"
