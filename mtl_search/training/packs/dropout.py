"""Dropout in a pack: each member draws from its own generator what it would draw alone.

B members, N samples of a batch
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn


class MemberDropout(nn.Module):
    """Multiply features by a mask that was drawn before, under `torch.vmap` over the members.

    Args:
        rate: The share p of features that are set to zero; what stays is divided by 1 − p.

    Attributes:
        mask: The mask of one member's batch, which the batched program puts there.
    """

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate
        self.mask: Tensor | None = None
        self.shapes: list[torch.Size] = []  # of the passes in which no mask was there

    def forward(self, x: Tensor) -> Tensor:
        """Return features of the shape of `x`."""
        if not self.training:
            return x
        if self.mask is None:
            self.shapes.append(x.shape)
            return x
        return x * self.mask


class Dropouts:
    """All dropout of a network, in the order in which a pass meets it.

    Args:
        network: The network that stands for all members, whose `nn.Dropout` are replaced. Other
            modules that draw numbers stay, and `torch.vmap` refuses them.
    """

    def __init__(self, network: nn.Module) -> None:
        self.modules: list[MemberDropout] = []
        for module in list(network.modules()):
            for name, child in module.named_children():
                if type(child) is nn.Dropout:
                    self.modules.append(MemberDropout(child.p))
                    setattr(module, name, self.modules[-1])
        self._orders: dict[int, list[tuple[MemberDropout, torch.Size]]] = {}

    def draw(
        self,
        size: int,
        generators: Sequence[torch.Generator],
        like: Tensor,
        dry_pass: Callable[[], object],
    ) -> list[Tensor]:
        """Draw the masks of a batch, (B, N, ...) for each of `modules`.

        Args:
            size: N.
            generators: The generators of the B members.
            like: A tensor with the masks' type and device.
            dry_pass: Passes a batch of this size through the network without numbers.

        Raises:
            ValueError: A module is met twice in a pass, or never.
        """
        if not self.modules:
            return []
        if size not in self._orders:
            self._orders[size] = self._observe(dry_pass)
        met = self._orders[size]
        drawn = draw_masks([(module.rate, shape) for module, shape in met], generators, like)
        masks = dict(zip([module for module, _ in met], drawn, strict=True))
        return [masks[module] for module in self.modules]

    def _observe(self, dry_pass: Callable[[], object]) -> list[tuple[MemberDropout, torch.Size]]:
        """Return the modules in the order of a pass, with the shapes of their features."""
        order: list[MemberDropout] = []
        handles = [
            module.register_forward_hook(lambda module, *_: order.append(module))
            for module in self.modules
        ]
        try:
            dry_pass()
        finally:
            for handle in handles:
                handle.remove()
        shapes = {module: module.shapes for module in self.modules}
        for module in self.modules:
            module.shapes = []
        if any(len(found) != 1 for found in shapes.values()):
            raise ValueError("dropout that a pass meets more than once, or never")
        return [(module, shapes[module][0]) for module in order]


def draw_masks(
    met: Sequence[tuple[float, Sequence[int]]],
    generators: Sequence[torch.Generator],
    like: Tensor,
) -> list[Tensor]:
    """Draw the masks (B, N, ...) of a pass; each member draws them in the order of its pass.

    Args:
        met: The rate p of each dropout in the order of a pass, and the shape (N, ...) of its
            features.
        generators: The generators of the B members.
        like: A tensor with the masks' type and device.
    """
    masks = [like.new_empty(len(generators), *shape) for _, shape in met]
    drawn = [(mask, rate) for mask, (rate, _) in zip(masks, met, strict=True) if 0 < rate < 1]
    for number, generator in enumerate(generators):
        for mask, rate in drawn:
            mask[number].bernoulli_(1 - rate, generator=generator)
    for mask, rate in drawn:
        mask.div_(1 - rate)
    for mask, (rate, _) in zip(masks, met, strict=True):
        if rate in (0, 1):  # of which `nn.Dropout` draws nothing on a CPU
            mask.fill_(1 - rate)
    return masks
