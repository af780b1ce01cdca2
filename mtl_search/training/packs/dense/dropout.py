"""Dropout of dense layers in a pack: each member draws what it would draw alone.

B members, C copies of a layer, N samples of a batch
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from mtl_search.models.network import MultiTaskNetwork
from mtl_search.training.packs.dense.layers import leaves
from mtl_search.training.packs.dense.plan import DensePlan, columns_of
from mtl_search.training.packs.dropout import draw_masks


class DenseDropouts:
    """The dropout of a dense network.

    Args:
        network: The network of one member.
        plan: How it is cut into layers.
        generators: The members' generators.
    """

    def __init__(
        self, network: MultiTaskNetwork, plan: DensePlan, generators: Sequence[torch.Generator]
    ) -> None:
        self._generators = generators
        met = _met(network)
        place = {id(layer): number for number, (layer, _) in enumerate(met)}
        self._met = [(layer.p, width) for layer, width in met]
        groups = [same for layers in plan.layers for same in layers.dropouts]
        self._groups = [[place[id(layer)] for layer in same] for same in groups]

    def draw(self, size: int, like: Tensor) -> list[Tensor]:
        """Return the masks (B·C, N, W) of each dropout in the order in which layers run.

        Args:
            size: N.
            like: A tensor with the masks' type and device.
        """
        if not self._met:
            return []
        met = [(rate, (size, width)) for rate, width in self._met]
        masks = draw_masks(met, self._generators, like)
        return [
            torch.stack([masks[number] for number in same], 1).flatten(0, 1)
            for same in self._groups
        ]


def _met(network: MultiTaskNetwork) -> list[tuple[nn.Dropout, int]]:
    """Return the dropout layers in the order in which a pass meets them, with their widths."""
    sharing = columns_of(network)
    assert sharing is not None
    stages = [*sharing.trunk, *(stage for task in sharing.views for stage in sharing.branch(task))]
    found: list[tuple[nn.Dropout, int]] = []
    for module in (*stages, *network.heads.values()):
        body = module.body if hasattr(module, "body") else module.dense
        width = sharing.width
        for layer in leaves(body):
            if isinstance(layer, nn.Linear):
                width = layer.out_features
            elif isinstance(layer, nn.Dropout):
                found.append((layer, width))
    return found
