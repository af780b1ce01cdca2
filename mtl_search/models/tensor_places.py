"""Where a network's modules hold their parameters and buffers.

Modules put other tensors into the same places, and so may whoever runs, or copies, a network again
and again: to ask the modules each time takes as long as the layers of a small network.
"""

from __future__ import annotations

from typing import Any

from torch import nn

# A module's mapping of parameters or buffers, and the key in it.
Place = tuple[dict[str, Any], str]


def tensor_places(network: nn.Module) -> dict[str, Place]:
    """Return name → place of all parameters and buffers, those that are None among them.

    A module that is there under several names has its tensors under all of them.

    Args:
        network: The network.

    Examples:
        >>> holder, key = tensor_places(nn.Sequential(nn.Linear(2, 3)))["0.weight"]
        >>> holder[key].shape
        torch.Size([3, 2])
    """
    places: dict[str, Place] = {}
    for path, module in network.named_modules(remove_duplicate=False):
        for holder in (module._parameters, module._buffers):  # noqa: SLF001
            places |= {f"{path}.{key}" if path else key: (holder, key) for key in holder}
    return places
