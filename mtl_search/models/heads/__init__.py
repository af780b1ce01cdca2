"""Heads by name: from features to the output, the loss and the predictions of one task.

This module is a table and loads no torch; `build` builds what it names.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mtl_search.config.sections.task import TaskConfig
from mtl_search.errors import ConfigError
from mtl_search.models.losses import LOSSES
from mtl_search.registry import Registry
from mtl_search.source.lazy import lazy_attributes

if TYPE_CHECKING:
    from mtl_search.models.heads.base import Head, Masks

__all__ = ["HEADS", "Head", "Masks", "check_head", "default_metrics"]

_HERE = "mtl_search.models.heads"

HEADS: Registry[type[Head]] = Registry(
    "head",
    {
        "softmax": f"{_HERE}.softmax:Softmax",
        "binary": f"{_HERE}.binary:Binary",
        "multilabel": f"{_HERE}.multilabel:Multilabel",
        "regression": f"{_HERE}.regression:Regression",
        "pair": f"{_HERE}.pair:Pair",
        "crf": f"{_HERE}.crf:Crf",
    },
    given=("width", "target", "loss"),
    base=f"{_HERE}:Head",
)


def check_head(task: str, config: TaskConfig) -> None:
    """Check the names and arguments of a task's head, loss and metrics, without torch for ours.

    Args:
        task: The task's name, for messages.
        config: The task's section.

    Raises:
        ConfigError: An unknown name or argument, or a loss or a metric that the head cannot give.
    """
    path = f"tasks.{task}"
    head = config.head
    HEADS.check_arguments(head.name, head.arguments, f"{path}.head")
    metrics = HEADS.constant(head.name, "metrics", f"{path}.head")
    for metric in config.metrics:
        if metric not in metrics and ":" not in metric:
            message = f"head {head.name!r} cannot give this metric"
            raise ConfigError(message, path=f"{path}.metrics", value=metric, allowed=metrics)
    if config.loss is None:
        return
    loss = config.loss
    losses = HEADS.constant(head.name, "losses", f"{path}.head")
    if loss.name not in losses and ":" not in loss.name:
        message = f"this loss does not fit head {head.name!r}"
        raise ConfigError(message, path=f"{path}.loss", value=loss.name, allowed=losses)
    # A function of the user's without arguments is the loss itself, and is not called to get one.
    if ":" not in loss.name or loss.arguments:
        LOSSES.check_arguments(loss.name, loss.arguments, f"{path}.loss")


def default_metrics(config: TaskConfig) -> tuple[str, ...]:
    """Return the names of a task's metrics: those of the config, else the head's first."""
    return config.metric_names or tuple(HEADS.constant(config.head.name, "metrics")[:1])


__getattr__ = lazy_attributes(
    __name__,
    {
        "Head": f"{_HERE}.base",
        "Masks": f"{_HERE}.base",
        "build_head": f"{_HERE}.build",
        "head_class": f"{_HERE}.build",
    },
)
