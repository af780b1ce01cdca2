"""The batched program of a dense network: forward pass and losses of all members at once.

B members, C tasks of a group, N samples of a batch, T tasks
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import torch
from torch import Tensor

from mtl_search.data.loading.stacked import StackedBatch
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.training.packs.dense.dropout import DenseDropouts
from mtl_search.training.packs.dense.heads import HeadJudge
from mtl_search.training.packs.dense.plan import BranchGroup, DensePlan, HeadGroup
from mtl_search.training.packs.flat_parameters import FlatParameters
from mtl_search.training.packs.program import Passed


class DenseProgram:
    """Run the dense networks of all members as one.

    Args:
        network: The network of one member.
        plan: How it is cut into layers.
        parameters: The members' parameters, in the order of the plan.
        generators: The members' generators of random numbers, on the device.

    Attributes:
        judges: The groups of heads that are alike, in the order of the plan.
    """

    def __init__(
        self,
        network: MultiTaskNetwork,
        plan: DensePlan,
        parameters: FlatParameters,
        generators: Sequence[torch.Generator],
    ) -> None:
        self._plan = plan
        self._parameters = parameters
        self._dropouts = DenseDropouts(network, plan, generators)
        self._count = len(network.heads)
        names = list(network.target_names.values())
        target_of = [list(dict.fromkeys(names)).index(name) for name in names]
        numbers = {id(x): number for number, x in enumerate(network.buffers())}
        groups = [group for branch in plan.branches for group in branch.heads]
        self.judges = [HeadJudge(group, numbers, target_of) for group in groups]
        order = [place for group in groups for place in group.places]
        self._unsorted = None if order == sorted(order) else torch.tensor(order).argsort()

    def train(self, batch: StackedBatch) -> Passed:
        """Pass a batch of each member as in training."""
        x = batch.inputs[self._plan.view]
        masks = self._dropouts.draw(x.shape[1], self._parameters.matrix.detach())
        parameters = self._parameters.stacked(self._plan.joined)
        losses, outputs = self._pass(x, iter(parameters), iter(masks), batch.targets)
        joined = losses[0] if len(losses) == 1 else torch.cat(losses, 1)
        if self._unsorted is not None:
            joined = joined.index_select(1, self._unsorted.to(joined.device))
        return Passed(joined, outputs, self._penalty(parameters))

    def predict(self, inputs: Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> list[Tensor]:
        """Return the outputs of each task (B, N, ...) for one batch, which all members read.

        Args:
            inputs: View → (N, ...).
            masks: Unused: dense layers do not know of padding.
        """
        x = inputs[self._plan.view]
        parameters = iter(self._parameters.stacked(self._plan.joined))
        x = x.expand(len(self._parameters.matrix), *x.shape)
        return self._pass(x, parameters, None, None)[1]

    def _penalty(self, parameters: Sequence[Tensor]) -> Tensor | None:
        """Return what soft sharing adds (B,), see `models.sharing.soft.mean_distance`."""
        ties = [(strength, parameters[number]) for strength, number in self._plan.ties]
        parts = [2 * strength * x.flatten(2).var(1).sum(1) for strength, x in ties]
        return torch.stack(parts).sum(0) if parts else None

    def _pass(
        self,
        x: Tensor,
        parameters: Iterator[Tensor],
        masks: Iterator[Tensor] | None,
        targets: Sequence[Tensor] | None,
    ) -> tuple[list[Tensor], list[Tensor]]:
        """Return the losses (B, C) of each group of heads, and the outputs of each task."""
        levels = {0: x}
        for depth, layers in enumerate(self._plan.trunk, 1):
            x = levels[depth] = layers.run(x, parameters, masks)
        losses: list[Tensor] = []
        outputs = [x] * self._count
        judges = iter(self.judges)
        for branch in self._plan.branches:
            features = _branch_features(branch, levels[branch.depth], parameters, masks)
            for group in branch.heads:
                y = _head_features(branch, group, features, parameters, masks)
                judge = next(judges)
                loss, output = judge(y, targets, self._parameters.buffers)
                losses += [] if loss is None else [loss]
                for number, place in enumerate(group.places):
                    outputs[place] = output[:, number]
        return losses, outputs


def _branch_features(
    branch: BranchGroup, x: Tensor, parameters: Iterator[Tensor], masks: Iterator[Tensor] | None
) -> Tensor:
    """Return (B, C, N, W) that the branches compute; (B, N, W) where they have no layer."""
    if branch.is_empty:
        return x
    x = branch.layers.run(x, parameters, masks, read_by_all=True)
    features: Tensor = x.unflatten(0, (-1, branch.layers.copies))
    return features


def _head_features(
    branch: BranchGroup,
    group: HeadGroup,
    features: Tensor,
    parameters: Iterator[Tensor],
    masks: Iterator[Tensor] | None,
) -> Tensor:
    """Return (B·C, N, O) that leaves the dense layers of a group of heads."""
    if branch.is_empty:
        return group.layers.run(features, parameters, masks, read_by_all=True)
    own = features[:, group.first : group.first + group.layers.copies]
    return group.layers.run(own.flatten(0, 1), parameters, masks)
