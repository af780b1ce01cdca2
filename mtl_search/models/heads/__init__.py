"""Heads by name: what turns features into the output, the loss and the predictions of one task."""

from __future__ import annotations

from typing import Any

from mtl_search.config.checks import prefix_path
from mtl_search.config.schema import TaskConfig
from mtl_search.data.dataset import Target
from mtl_search.errors import ConfigError
from mtl_search.models.heads.base import Head, Masks
from mtl_search.models.heads.binary import Binary
from mtl_search.models.heads.crf import Crf
from mtl_search.models.heads.multilabel import Multilabel
from mtl_search.models.heads.pair import Pair
from mtl_search.models.heads.regression import Regression
from mtl_search.models.heads.softmax import Softmax
from mtl_search.models.losses import LOSSES, ElementwiseLoss, as_elementwise
from mtl_search.models.stage import FeatureKind
from mtl_search.registry import Registry

__all__ = ["HEADS", "Head", "Masks", "build_head", "head_class"]

HEADS: Registry[type[Head]] = Registry(
    "head",
    {
        "softmax": Softmax,
        "binary": Binary,
        "multilabel": Multilabel,
        "regression": Regression,
        "pair": Pair,
        "crf": Crf,
    },
    given=("width", "target", "loss"),
)


def build_head(
    task: str,
    config: TaskConfig,
    width: int,
    target: Target,
    *,
    views: int = 1,
    features: FeatureKind = "vector",
) -> Head:
    """The head of one task, after all that can be checked has been.

    Args:
        task: The task's name, for messages.
        config: The task's section.
        width: Width of the features that leave the shared part.
        target: The task's target, all splits.
        views: Number of views that the task reads.
        features: Whether those features are a vector, tokens or a map.

    Raises:
        ConfigError: Unknown head or argument, or the head does not fit the target, the loss, the metrics, the number
            of views or the features; the path is that of the key at fault.
    """
    path = f"tasks.{task}"
    member = head_class(task, config)
    HEADS.check_arguments(config.head.name, config.head.arguments, f"{path}.head")
    _check_target(task, config, member, target)
    _check_views(task, config, member, views, features)
    _check_metrics(task, config, member)
    loss = _build_loss(task, config, member)
    with prefix_path(f"{path}.loss"):
        loss.check_size(target.size)
    make: Any = member
    with prefix_path(f"{path}.head"):
        head: Head = make(width, target, loss, **config.head.arguments)
    return head


def head_class(task: str, config: TaskConfig) -> type[Head]:
    """The class of a task's head.

    Raises:
        ConfigError: No such head, or what `module:attribute` names is no head.
    """
    path = f"tasks.{task}.head"
    member = HEADS.get_member(config.head.name, path)
    if not (isinstance(member, type) and issubclass(member, Head)):
        raise ConfigError(
            "this is no subclass of mtl_search.models.heads.Head", path=path, value=config.head.name
        )
    return member


def _check_target(task: str, config: TaskConfig, member: type[Head], target: Target) -> None:
    if target.kind not in member.target_kinds:
        takes = [name for name, other in HEADS.items() if target.kind in other.target_kinds]
        raise ConfigError(
            f"head {config.head.name!r} takes targets of kind {' or '.join(member.target_kinds)}, "
            f"and target {config.target or task!r} is of kind {target.kind}",
            path=f"tasks.{task}.head",
            value=config.head.name,
            allowed=takes,
        )


def _check_views(
    task: str, config: TaskConfig, member: type[Head], views: int, features: FeatureKind
) -> None:
    if views != member.views:
        raise ConfigError(
            f"head {config.head.name!r} reads {member.views} view(s), and this task names {views}",
            path=f"tasks.{task}.view",
            value=list(config.view),
        )
    if member.tokens and features != "tokens":
        raise ConfigError(
            f"head {config.head.name!r} reads tokens, and the backbone gives one {features} a sample",
            path=f"tasks.{task}.head",
            value=config.head.name,
            allowed=[name for name, other in HEADS.items() if not other.tokens],
        )


def _check_metrics(task: str, config: TaskConfig, member: type[Head]) -> None:
    for metric in config.metrics:
        if metric not in member.metrics and ":" not in metric:
            raise ConfigError(
                f"head {config.head.name!r} cannot give this metric",
                path=f"tasks.{task}.metrics",
                value=metric,
                allowed=member.metrics,
            )


def _build_loss(task: str, config: TaskConfig, member: type[Head]) -> ElementwiseLoss:
    path = f"tasks.{task}.loss"
    name = config.loss.name if config.loss else member.losses[0]
    arguments = config.loss.arguments if config.loss else {}
    if name not in member.losses and ":" not in name:
        raise ConfigError(
            f"this loss does not fit head {config.head.name!r}",
            path=path,
            value=name,
            allowed=member.losses,
        )
    factory = LOSSES.get_member(name, path)
    if ":" in name and not isinstance(factory, type) and not arguments:
        return as_elementwise(factory, path)
    LOSSES.check_arguments(name, arguments, path)
    with prefix_path(path):
        return as_elementwise(factory(**arguments))
