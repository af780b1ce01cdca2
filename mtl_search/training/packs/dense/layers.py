"""Dense layers of all members, and of several tasks, at once.

`torch.vmap` over the members gives the same numbers and takes twice as long, since it has no rule
that leads from `nn.Linear` to one `baddbmm`.

B members, C copies of the layers (one a task), N samples, I and O width of what enters and leaves
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def _linear(layer: nn.Module, x: Tensor, parameters: Sequence[Tensor]) -> Tensor:
    weight, *bias = [parameter.flatten(0, 1) for parameter in parameters]
    if bias:
        return torch.baddbmm(bias[0].unsqueeze(1), x, weight.transpose(1, 2))
    return torch.bmm(x, weight.transpose(1, 2))


def _layer_norm(layer: nn.Module, x: Tensor, parameters: Sequence[Tensor]) -> Tensor:
    assert isinstance(layer, nn.LayerNorm)
    x = F.layer_norm(x, layer.normalized_shape, eps=layer.eps)
    if not parameters:
        return x
    weight, *bias = [parameter.flatten(0, 1).unsqueeze(1) for parameter in parameters]
    return torch.addcmul(bias[0], x, weight) if bias else x * weight


def _flatten(layer: nn.Module, x: Tensor, parameters: Sequence[Tensor]) -> Tensor:
    return x.flatten(2)


def _elementwise(layer: nn.Module, x: Tensor, parameters: Sequence[Tensor]) -> Tensor:
    result: Tensor = layer(x)
    return result


# Type of a layer → (layer, (B·C, N, I), its parameters (B, C, ...)) → (B·C, N, O). Dropout has its
# masks instead, see `CopiedLayers.run`.
_RULES: dict[type[nn.Module], Callable[[nn.Module, Tensor, Sequence[Tensor]], Tensor]] = {
    nn.Linear: _linear,
    nn.LayerNorm: _layer_norm,
    nn.Flatten: _flatten,
    nn.Identity: _elementwise,
    nn.ReLU: _elementwise,
    nn.GELU: _elementwise,
    nn.SiLU: _elementwise,
    nn.Tanh: _elementwise,
    nn.ELU: _elementwise,
}


def leaves(module: nn.Module) -> list[nn.Module]:
    """Return the layers of nested `nn.Sequential` in their order.

    Examples:
        >>> leaves(nn.Sequential(nn.Sequential(nn.ReLU()), nn.Tanh()))
        [ReLU(), Tanh()]
    """
    if type(module) is nn.Sequential:
        return [leaf for child in module for leaf in leaves(child)]
    return [module]


def has_rule(layer: nn.Module) -> bool:
    """Return whether copies of a layer can be run at once."""
    if type(layer) is nn.Flatten:
        return (layer.start_dim, layer.end_dim) == (1, -1)
    if type(layer) is nn.LayerNorm:
        return len(layer.normalized_shape) == 1
    hooked = layer._forward_hooks or layer._forward_pre_hooks  # noqa: SLF001
    return (type(layer) in _RULES or type(layer) is nn.Dropout) and not hooked


class CopiedLayers:
    """Layers one after another, in C copies, for all members.

    Args:
        copies: The layers of each copy in one network, which differ in their numbers alone.

    Attributes:
        copies: C.
        blocks: The parameters, of all copies each, in the order in which `run` takes them.
        dropouts: The dropout layers of the copies, in the order of the layers.
    """

    def __init__(self, copies: Sequence[Sequence[nn.Module]]) -> None:
        self.copies = len(copies)
        self.blocks: list[list[nn.Parameter]] = []
        self.dropouts: list[list[nn.Module]] = []
        self._layers = list(copies[0])
        self._counts: list[int] = []  # the number of parameters of each layer
        for same in zip(*copies, strict=True):
            own = list(zip(*[list(layer.parameters()) for layer in same], strict=True))
            self.blocks += [list(parameters) for parameters in own]
            self._counts.append(len(own))
            if type(same[0]) is nn.Dropout:
                self.dropouts.append(list(same))

    @property
    def is_empty(self) -> bool:
        """Whether there is no layer."""
        return not self._layers

    def run(
        self,
        x: Tensor,
        parameters: Iterator[Tensor],
        masks: Iterator[Tensor] | None,
        *,
        read_by_all: bool = False,
    ) -> Tensor:
        """Return (B·C, N, O).

        Args:
            x: (B·C, N, ...); with `read_by_all` (B, N, ...), which each copy reads.
            parameters: (B, C, ...) of each of `blocks`, and of further layers that come later.
            masks: (B·C, N, ...) of each dropout, as for the parameters; None: no dropout.
            read_by_all: Whether the copies read the same features.
        """
        shared = read_by_all and self.copies > 1
        for layer, count in zip(self._layers, self._counts, strict=True):
            own = [next(parameters) for _ in range(count)]
            if shared and type(layer) is nn.Linear:
                x, shared = _side_by_side(x, own), False
                continue
            if shared:
                x, shared = _repeated(x, self.copies), False
            if type(layer) is nn.Dropout:
                x = x if masks is None else x * next(masks)
            else:
                x = _RULES[type(layer)](layer, x, own)
        return _repeated(x, self.copies) if shared else x


def _side_by_side(x: Tensor, parameters: Sequence[Tensor]) -> Tensor:
    """Run C linear layers on the same features (B, N, I): one layer that is C times as wide."""
    weight, *bias = parameters  # (B, C, O, I), (B, C, O)
    count, copies, width, _ = weight.shape
    x = torch.bmm(x, weight.flatten(1, 2).transpose(1, 2))
    if bias:
        x = x + bias[0].flatten(1, 2).unsqueeze(1)
    return x.view(count, -1, copies, width).transpose(1, 2).flatten(0, 1)


def _repeated(x: Tensor, copies: int) -> Tensor:
    """Return (B·C, N, ...) of features (B, N, ...) that all copies read."""
    return x.unsqueeze(1).expand(-1, copies, *x.shape[1:]).flatten(0, 1)
