"""The contract of a sharing policy: features for each task, and each parameter has its owners.

B samples, W width
"""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mtl_search.errors import ConfigError
from mtl_search.models.contracts.batch import SmallBatch, describe, evaluated, listed, tried
from mtl_search.models.sharing.base import DiagramBlock, SharingPolicy

_PATH = "model.sharing"


def check_policy(policy: SharingPolicy, name: str, batch: SmallBatch) -> None:
    """Run a user's sharing policy on a few samples, in evaluation mode.

    Args:
        policy: The policy.
        name: Its name in the config.
        batch: The samples.

    Raises:
        ConfigError: A task gets no features, or some of another shape than the policy publishes; or
            its lists of blocks and parameters are not those of what it computes.
    """
    part = f"the sharing policy {name!r}"
    with evaluated(policy):
        with tried(part, _PATH, f"{len(batch.rows)} samples"):
            features = policy(batch.inputs, batch.masks)
        _check_features(part, policy, features, len(batch.rows))
        _check_blocks(part, policy)
        _check_owners(part, policy)
        _check_gradients(part, policy, features)
        with tried(f"`penalty` of {part}", _PATH, "no arguments"):
            penalty = policy.penalty()
        if penalty is not None and (penalty.shape != () or not penalty.isfinite()):
            message = f"`penalty` of {part} returns {describe(penalty)}, and needed is a finite ()"
            raise ConfigError(message, path=_PATH)


def _check_features(part: str, policy: SharingPolicy, features: object, samples: int) -> None:
    if not isinstance(features, Mapping):
        message = (
            f"{part} returns {describe(features)}, and needed is a dict from tasks to features"
        )
        raise ConfigError(message, path=_PATH)
    axes = {"vector": 2, "tokens": 3, "map": 4}[policy.kind]
    axis = 2 if policy.kind == "tokens" else 1
    for task, views in policy.views.items():
        given = features.get(task)
        if given is None:
            raise ConfigError(f"{part} gives task {task!r} no features", path=_PATH)
        is_right = isinstance(given, tuple) and len(given) == len(views)
        for x in given if is_right else ():
            is_right = is_right and isinstance(x, Tensor) and x.ndim == axes
            is_right = is_right and x.shape[0] == samples and x.shape[axis] == policy.width
        if not is_right:
            raise ConfigError(
                f"{part} gives task {task!r} {describe(given)}, and needed is a tuple of "
                f"{len(views)} tensor(s) of {samples} samples, {axes} axes and width "
                f"{policy.width} ({policy.kind})",
                path=_PATH,
            )
        if not all(x.isfinite().all() for x in given):
            message = f"{part} gives task {task!r} values that are not finite"
            raise ConfigError(message, path=_PATH)


def _check_blocks(part: str, policy: SharingPolicy) -> None:
    with tried(f"`blocks` of {part}", _PATH, "no arguments"):
        blocks = policy.blocks()
    if not all(isinstance(block, DiagramBlock) for block in blocks):
        message = f"`blocks` of {part} returns {describe(blocks)}, and needed is a list of its type"
        raise ConfigError(f"{message} mtl_search.models.sharing.DiagramBlock", path=_PATH)
    without = [t for t in policy.views if policy.stages and not any(t in b.tasks for b in blocks)]
    if without:
        raise ConfigError(f"`blocks` of {part} has none that {listed(without)} reads", path=_PATH)


def _check_owners(part: str, policy: SharingPolicy) -> None:
    """Check that each parameter is either shared or of one task."""
    owners: dict[int, str] = {}
    with tried(f"`shared_parameters` of {part}", _PATH, "no arguments"):
        groups = {"shared": policy.shared_parameters()}
    with tried(f"`task_parameters` of {part}", _PATH, "a task"):
        groups |= {f"of task {task!r}": policy.task_parameters(task) for task in policy.views}
    names = {id(p): name for name, p in policy.named_parameters()}
    for owner, parameters in groups.items():
        for parameter in parameters:
            name = names.get(id(parameter), "one that is no parameter of it")
            if id(parameter) in owners and owners[id(parameter)] != owner:
                both = f"{owners[id(parameter)]} and {owner}"
                raise ConfigError(f"{part} says that {name} is {both}", path=_PATH)
            owners[id(parameter)] = owner
    missing = [name for key, name in names.items() if key not in owners]
    if missing and len(policy.views) > 1:
        raise ConfigError(
            f"{part} names {listed(missing)} neither among its shared parameters nor among those "
            "of a task",
            path=_PATH,
        )


def _check_gradients(
    part: str, policy: SharingPolicy, features: Mapping[str, tuple[Tensor, ...]]
) -> None:
    """Check that a task's own parameters get gradients from this task alone."""
    named = {id(p): name for name, p in policy.named_parameters()}
    for task, given in features.items():
        total = sum(((x * torch.rand_like(x)).sum() for x in given), torch.zeros(()))
        others = [t for t in policy.views if t != task]
        foreign: list[nn.Parameter] = [p for t in others for p in policy.task_parameters(t)]
        foreign = [p for p in foreign if p.requires_grad]
        if not foreign or not total.requires_grad:
            continue
        gradients = torch.autograd.grad(total, foreign, allow_unused=True, retain_graph=True)
        wrong = [
            named.get(id(p), "") for p, g in zip(foreign, gradients, strict=True) if g is not None
        ]
        if wrong:
            raise ConfigError(
                f"{part} says that {listed(wrong)} are of another task alone, and task {task!r} "
                "reads them, too; they belong to `shared_parameters`",
                path=_PATH,
            )
