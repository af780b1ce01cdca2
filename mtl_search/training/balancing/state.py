"""The state of torchjd's modules, whole: their histories are plain attributes, and their buffers may begin as None.

What is written loads again with `weights_only`: tensors, numbers, types, and lists, tuples and mappings of such.
Settings are written along: they are the same in the module that goes on, so setting them again does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

# What every module of torch has, whatever it is.
_INTERNAL = frozenset(vars(nn.Module()))
_PLAIN = (bool, int, float, str, torch.dtype, type(None))


def get_state(module: nn.Module) -> dict[str, Any]:
    """Path of an attribute, a buffer or a parameter → its value; what is no data (solvers, hooks) is left out."""
    state = {}
    for path, part in module.named_modules():
        for store in _stores(part):
            for name, value in store.items():
                if name not in _INTERNAL and _is_data(value):
                    state[f"{path}.{name}"] = _encode(value)
    return state


def set_state(module: nn.Module, state: dict[str, Any], device: torch.device) -> None:
    """Put back what `get_state` found, in a module built with the same arguments.

    Args:
        module: Fresh.
        state: As loaded from a file.
        device: Where tensors go that were not kept on the CPU on purpose.
    """
    parts = dict(module.named_modules())
    for key, encoded in state.items():
        path, _, name = key.rpartition(".")
        value = _decode(encoded, device)
        store = next(
            (store for store in _stores(parts[path]) if name in store), parts[path].__dict__
        )
        if isinstance(store.get(name), nn.Parameter):
            store[name].data.copy_(value)
        else:
            store[name] = value.numpy() if isinstance(store.get(name), np.ndarray) else value


def _stores(part: nn.Module) -> Iterator[dict[str, Any]]:
    own = part.__dict__
    yield own["_parameters"]
    yield own["_buffers"]
    yield own


def _is_data(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_data, value))
    return isinstance(value, (*_PLAIN, Tensor, np.ndarray, torch.device))


def _encode(value: Any) -> Any:
    """Data with tensors as (where, copy), since loading moves them to the CPU; the same of a device."""
    if isinstance(value, list | tuple):
        return type(value)(map(_encode, value))
    if isinstance(value, torch.device):
        return {"device": "cpu" if value.type == "cpu" else "own"}
    if isinstance(value, np.ndarray):
        value = torch.from_numpy(value)
    if isinstance(value, Tensor):
        return {
            "tensor": value.detach().clone(),
            "device": "cpu" if value.device.type == "cpu" else "own",
        }
    return value


def _decode(value: Any, device: torch.device) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_decode(item, device) for item in value)
    if not isinstance(value, dict):
        return value
    place = torch.device("cpu") if value["device"] == "cpu" else device
    return value["tensor"].to(place).clone() if "tensor" in value else place
