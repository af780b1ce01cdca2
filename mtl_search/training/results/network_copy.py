"""Copies of a network's tensors, taken again and again."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from mtl_search.models.tensor_places import Place, tensor_places


class NetworkCopy:
    """Copy the parameters and stored buffers of a network, as its `state_dict` names them.

    `state_dict` walks through all modules, which takes several times as long as to copy a small
    network. So the places of the tensors are found at the first copy.

    Args:
        network: The network.
    """

    def __init__(self, network: nn.Module) -> None:
        self._network = network
        self._places: dict[str, Place] | None = None  # empty: they are not to be found
        self._copies: dict[str, Tensor] = {}

    def take(self) -> dict[str, Tensor]:
        """Return copies of the tensors as they are now; those of the last call are overwritten."""
        tensors = self._tensors()
        if _kinds(tensors) == _kinds(self._copies):
            with torch.no_grad():
                torch._foreach_copy_(list(self._copies.values()), list(tensors.values()))
        else:
            self._copies = {
                name: x.detach().clone(memory_format=torch.contiguous_format)
                for name, x in tensors.items()
            }
        return self._copies

    def _tensors(self) -> dict[str, Tensor]:
        if self._places is None:
            self._places = _places(self._network)
        if not self._places:
            return dict(self._network.state_dict())
        tensors = {name: holder[key] for name, (holder, key) in self._places.items()}
        return {name: x for name, x in tensors.items() if x is not None}


def _kinds(tensors: Mapping[str, Tensor]) -> list[tuple[str, torch.Size, torch.dtype]]:
    return [(name, x.shape, x.dtype) for name, x in tensors.items()]


def _places(network: nn.Module) -> dict[str, Place]:
    """Return where each tensor of a network is; empty where a module stores more than tensors."""
    held = tensor_places(network)
    state = network.state_dict(keep_vars=True)
    places = {}
    for name, tensor in state.items():
        holder, key = held.get(name, ({}, ""))
        if holder.get(key) is not tensor:
            return {}
        places[name] = holder, key
    return places
