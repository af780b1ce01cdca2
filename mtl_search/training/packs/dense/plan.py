"""How a dense network is cut into layers that run at once.

T tasks
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import nn

from mtl_search.config import Config, to_dict
from mtl_search.models.heads.base import Head, PooledHead
from mtl_search.models.heads.binary import Binary
from mtl_search.models.heads.multilabel import Multilabel
from mtl_search.models.heads.regression import Regression
from mtl_search.models.heads.softmax import Softmax
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.models.sharing.hard import HardSharing
from mtl_search.models.sharing.soft import SoftSharing
from mtl_search.models.stage import Stage
from mtl_search.training.packs.dense.layers import CopiedLayers, has_rule, leaves

# Heads whose parameters are all in their dense layers. Of one of the user's nobody knows.
_HEADS = (Binary, Multilabel, Regression, Softmax)


@dataclass(frozen=True)
class HeadGroup:
    """Heads that differ in their numbers alone.

    Attributes:
        places: The numbers of their tasks in the network's order.
        first: The number of the first of them within their branches.
        heads: The heads.
        layers: Their dense layers.
        complete: Whether no member lacks a label of these tasks.
    """

    places: list[int]
    first: int
    heads: list[Head]
    layers: CopiedLayers
    complete: bool


@dataclass(frozen=True)
class BranchGroup:
    """Tasks that leave the trunk at the same depth.

    Attributes:
        depth: That depth.
        layers: The tasks' own stages.
        heads: Their heads, group by group, in the order of the branches.
    """

    depth: int
    layers: CopiedLayers
    heads: list[HeadGroup]

    @property
    def is_empty(self) -> bool:
        """Whether the tasks share all stages, and their heads read the trunk."""
        return self.layers.is_empty


@dataclass(frozen=True)
class DensePlan:
    """A dense network: trunk, branches and heads; with soft sharing a branch for each task.

    Attributes:
        view: The view that all tasks read.
        trunk: The layers of each stage.
        branches: The groups of tasks.
        order: The trained parameters by their places in the network, as `joined` counts them.
        joined: The numbers of parameters of one shape that follow each other in `order`.
        ties: What soft sharing ties: the strength, and the number in `joined` of the parameters.
    """

    view: str
    trunk: list[CopiedLayers]
    branches: list[BranchGroup]
    order: list[int]
    joined: list[int]
    ties: list[tuple[float, int]]

    @property
    def layers(self) -> list[CopiedLayers]:
        """All layers in the order in which they run."""
        found = list(self.trunk)
        for branch in self.branches:
            found += [branch.layers, *(group.layers for group in branch.heads)]
        return found


def dense_plan(
    network: MultiTaskNetwork, config: Config, complete: Sequence[bool]
) -> DensePlan | None:
    """Return the plan of a network; None where it is none of dense layers, hard or soft.

    Args:
        network: The network of one member.
        config: Its config, which says what heads are alike.
        complete: Whether no member lacks a label, for each task.
    """
    sharing = columns_of(network)
    if sharing is None or not _is_dense(network, sharing):
        return None
    alike = {
        task: _kind_of_head(network.heads[task], config, task, whole)
        for task, whole in zip(network.heads, complete, strict=True)
    }
    trunk = [CopiedLayers([_layers_of(stage)]) for stage in sharing.trunk]
    depths = sorted(set(sharing.depths.values()), reverse=True)
    branches = [_branch_group(network, sharing, alike, complete, depth) for depth in depths]
    plan = DensePlan(next(iter(sharing.views.values()))[0], trunk, branches, [], [], [])
    places = {id(p): place for place, p in enumerate(network.parameters())}
    for layers in plan.layers:
        for block in layers.blocks:
            plan.order.extend(places[id(parameter)] for parameter in block)
            plan.joined.append(len(block))
    plan.ties.extend(_ties(network))
    return plan


def columns_of(network: MultiTaskNetwork) -> HardSharing | None:
    """Return the stages of a network with hard or soft sharing; None for other policies."""
    sharing = network.sharing
    if type(sharing) is SoftSharing:
        return sharing.columns
    return sharing if type(sharing) is HardSharing else None


def _ties(network: MultiTaskNetwork) -> list[tuple[float, int]]:
    """Return what is tied: columns have no trunk, so their parameters are the first ones."""
    sharing = network.sharing
    if type(sharing) is not SoftSharing or len(sharing.views) == 1:
        return []
    column = sharing.columns.branch(next(iter(sharing.views)))
    counts = [len(list(stage.parameters())) for stage in column]
    ties = []
    for stage, strength in enumerate(sharing.strengths):
        first = sum(counts[:stage])
        ties += [(strength, first + number) for number in range(counts[stage]) if strength]
    return ties


def _is_dense(network: MultiTaskNetwork, sharing: HardSharing) -> bool:
    if network.necks or network.augment is not None:
        return False
    if len({view for views in network.views.values() for view in views}) > 1:
        return False
    heads = network.heads.values()
    if any(len(views) > 1 for views in network.views.values()):
        return False
    if not all(type(head) in _HEADS for head in heads):
        return False
    stages = [*sharing.trunk, *(stage for task in sharing.views for stage in sharing.branch(task))]
    if not all(type(stage) is Stage and stage.kind == "vector" for stage in stages):
        return False
    layers = [layer for stage in stages for layer in _layers_of(stage)]
    layers += [layer for head in heads for layer in _layers_of_head(head)]
    return all(map(has_rule, layers)) and all(p.requires_grad for p in network.parameters())


def _branch_group(
    network: MultiTaskNetwork,
    sharing: HardSharing,
    kinds: Mapping[str, str],
    complete: Sequence[bool],
    depth: int,
) -> BranchGroup:
    alike: dict[str, list[str]] = {}
    for task, own in sharing.depths.items():
        if own == depth:
            alike.setdefault(kinds[task], []).append(task)
    in_order = [task for same in alike.values() for task in same]
    copies = [[x for stage in sharing.branch(t) for x in _layers_of(stage)] for t in in_order]
    place = {task: number for number, task in enumerate(network.heads)}
    heads = []
    for same in alike.values():
        own_heads = [network.heads[task] for task in same]
        layers = CopiedLayers([_layers_of_head(head) for head in own_heads])
        places, first = [place[task] for task in same], in_order.index(same[0])
        heads.append(HeadGroup(places, first, own_heads, layers, complete[places[0]]))
    return BranchGroup(depth, CopiedLayers(copies), heads)


def _kind_of_head(head: Head, config: Config, task: str, complete: bool) -> str:
    """Return a text that is the same for heads that differ in their numbers alone."""
    section: Mapping[str, object] = to_dict(config)["tasks"][task]
    shapes = [tuple(x.shape) for x in head.state_dict().values()]
    kind = [type(head).__qualname__, section.get("head"), section.get("loss"), complete]
    return json.dumps([*kind, head.outputs, shapes], sort_keys=True, default=str)


def _layers_of(stage: nn.Module) -> Sequence[nn.Module]:
    assert isinstance(stage, Stage)
    return leaves(stage.body)


def _layers_of_head(head: nn.Module) -> Sequence[nn.Module]:
    assert isinstance(head, PooledHead)
    return leaves(head.dense)
