"""The complete state of torchjd's modules, of which `state_dict` of torch has only a part.

Their histories are plain attributes, and their buffers may begin as None.

What is written loads again with `weights_only`: tensors, numbers, types, and lists, tuples and
mappings of these. It includes the modules' settings. These are the same in the module that goes on,
so setting them again does nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

# The attributes of every module of torch, which are not its state.
_INTERNAL = frozenset(vars(nn.Module()))
_PLAIN = (bool, int, float, str, torch.dtype, type(None))


def get_state(module: nn.Module) -> dict[str, Any]:
    """Return attributes, buffers and parameters by path, without solvers and hooks."""
    state = {}
    for path, part in module.named_modules():
        for store in _stores(part):
            for name, value in store.items():
                if name not in _INTERNAL and _is_data(value):
                    state[f"{path}.{name}"] = _encode(value)
    return state


def set_state(module: nn.Module, state: dict[str, Any], device: torch.device) -> None:
    """Put a state back into a module that was built with the same arguments.

    Args:
        module: The module, freshly built.
        state: The state that `get_state` returned.
        device: The device of tensors that were not on the CPU on purpose.
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
    """Yield the mappings in which a module holds its values."""
    attributes = part.__dict__
    yield attributes["_parameters"]
    yield attributes["_buffers"]
    yield attributes


def _is_data(value: object) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_data, value))
    return isinstance(value, (*_PLAIN, Tensor, np.ndarray, torch.device))


def _encode(value: Any) -> Any:
    """Replace tensors by a copy and its kind of device, since loading moves tensors to the CPU."""
    if isinstance(value, list | tuple):
        return type(value)(map(_encode, value))
    if isinstance(value, torch.device):
        return {"device": _kind(value)}
    if isinstance(value, np.ndarray):
        value = torch.from_numpy(value)
    if isinstance(value, Tensor):
        return {"tensor": value.detach().clone(), "device": _kind(value.device)}
    return value


def _kind(device: torch.device) -> str:
    """Return `cpu`, or `own` for the device that the trial trains on."""
    return "cpu" if device.type == "cpu" else "own"


def _decode(value: Any, device: torch.device) -> Any:
    if isinstance(value, list | tuple):
        return type(value)(_decode(item, device) for item in value)
    if not isinstance(value, dict):
        return value
    target = torch.device("cpu") if value["device"] == "cpu" else device
    return value["tensor"].to(target).clone() if "tensor" in value else target
