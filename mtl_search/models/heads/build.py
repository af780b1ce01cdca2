"""Build the head of a task, with its loss."""

from __future__ import annotations

from mtl_search.config.checks import prefix_path
from mtl_search.config.sections.task import TaskConfig
from mtl_search.data.dataset import Target
from mtl_search.errors import ConfigError
from mtl_search.models.heads import HEADS, check_head
from mtl_search.models.heads.base import Head
from mtl_search.models.heads.contract import check_contract
from mtl_search.models.losses import LOSSES
from mtl_search.models.losses.base import ElementwiseLoss, as_elementwise
from mtl_search.models.stage import FeatureKind


def build_head(
    task: str,
    config: TaskConfig,
    width: int,
    target: Target,
    *,
    views: int = 1,
    features: FeatureKind = "vector",
) -> Head:
    """Build the head of one task, after all that can be checked has been.

    Args:
        task: The task's name, for messages.
        config: The task's section.
        width: Width of the features that leave the shared part.
        target: The task's target, all splits.
        views: Number of views that the task reads.
        features: Whether those features are a vector, tokens or a map.

    Raises:
        ConfigError: An unknown head or argument, or the head does not fit the target, the loss, the
            metrics, the number of views or the features, or a user's part breaks its contract; the
            path is that of the key at fault.
    """
    path = f"tasks.{task}"
    member = head_class(task, config)
    _check_target(task, config, member, target)
    _check_views(task, config, member, views, features)
    check_head(task, config)
    with prefix_path(f"{path}.loss"):
        loss = _build_loss(config, member)
        loss.check_size(target.size)
    with prefix_path(f"{path}.head"):
        head: Head = HEADS.build(config.head.name, config.head.arguments, "", width, target, loss)
    check_contract(head, target, width, views=views, features=features, path=path)
    return head


def head_class(task: str, config: TaskConfig) -> type[Head]:
    """Return the class of a task's head.

    Raises:
        ConfigError: There is no such head, or what `module:attribute` names is no head.
    """
    path = f"tasks.{task}.head.name"
    member = HEADS.get_member(config.head.name, path)
    if not (isinstance(member, type) and issubclass(member, Head)):
        message = "this is no subclass of mtl_search.models.heads.Head"
        raise ConfigError(message, path=path, value=config.head.name)
    return member


def _check_target(task: str, config: TaskConfig, member: type[Head], target: Target) -> None:
    if target.kind not in member.target_kinds:
        takes = [name for name in HEADS if target.kind in HEADS.constant(name, "target_kinds")]
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
        name = config.head.name
        message = f"head {name!r} reads tokens, and the backbone gives one {features} a sample"
        others = [other for other in HEADS if not HEADS.constant(other, "tokens")]
        raise ConfigError(message, path=f"tasks.{task}.head", value=name, allowed=others)


def _build_loss(config: TaskConfig, member: type[Head]) -> ElementwiseLoss:
    if config.loss is None:
        return as_elementwise(LOSSES.build(member.losses[0], {}, ""))
    name, arguments = config.loss.name, config.loss.arguments
    if ":" in name and not arguments:
        factory = LOSSES.get_member(name, "name")
        if not isinstance(factory, type):
            return as_elementwise(factory)
    return as_elementwise(LOSSES.build(name, arguments, ""))
