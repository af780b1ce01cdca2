"""The samples that loaders share on a device, and whether a data set is to be held there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.utils import dlpack

from mtl_search.data.dataset import DataSet
from mtl_search.data.loading.device_memory import device_memory
from mtl_search.data.types import Array, InputArray, in_memory
from mtl_search.errors import ConfigError


class DeviceData:
    """All samples of some views and targets as tensors on one device.

    Loaders of all splits share it. On the CPU the tensors are the data set's own memory, also where
    that is read-only (Ray's object store).

    Args:
        data: The data set.
        device: The device of the tensors.
        views: The inputs to hold, with their masks; default: all.
        targets: The targets to hold; default: all.
    """

    def __init__(
        self,
        data: DataSet,
        device: torch.device,
        *,
        views: Sequence[str] | None = None,
        targets: Sequence[str] | None = None,
    ) -> None:
        self.device = device
        arrays = select_arrays(
            data,
            list(data.inputs) if views is None else views,
            list(data.targets) if targets is None else targets,
        )
        self.tensors = {key: as_tensor(_load(x)).to(device) for key, x in arrays.items()}


def should_be_resident(
    data: DataSet,
    setting: Literal["auto", "always", "never"],
    device: torch.device,
    share: float = 1.0,
) -> bool:
    """Return whether the whole data set is to be held on the device.

    Args:
        data: The data set.
        setting: `auto` says yes when all inputs are in memory already and the data set takes at
            most a quarter of the share.
        device: The device to train on.
        share: The share of the device's memory; other processes have the rest.
    """
    if setting != "auto":
        return setting == "always"
    if not all(map(in_memory, data.inputs.values())):
        return False
    return 4 * data.nbytes <= share * device_memory(device)


def select_arrays(
    data: DataSet, views: Sequence[str], targets: Sequence[str]
) -> dict[tuple[str, str], InputArray]:
    """Return (`view`, `mask` or `target`; name) → array, in the order that `Collate` expects.

    Raises:
        ConfigError: The data set has no such view or target.
    """
    for kind, names, allowed in (("view", views, data.inputs), ("target", targets, data.targets)):
        for name in names:
            if name not in allowed:
                raise ConfigError(
                    f"the data set has no such {kind}", path="tasks", value=name, allowed=allowed
                )
    arrays: dict[tuple[str, str], InputArray] = {}
    for name in views:
        arrays["view", name] = data.inputs[name]
    for name in views:
        if name in data.masks:
            arrays["mask", name] = data.masks[name]
    for name in targets:
        arrays["target", name] = data.targets[name].values
    return arrays


def as_tensor(x: Array) -> Tensor:
    """Return the array as a tensor of the same memory.

    An array with reversed or strided axes is copied, since torch cannot share it.
    """
    x = np.ascontiguousarray(x)
    if x.flags.writeable:
        return torch.from_numpy(x)
    # `torch.from_numpy` would warn of a read-only array.
    tensor: Tensor = dlpack.from_dlpack(x)
    return tensor


def _load(x: InputArray) -> Array:
    """Return all samples in memory; a memory map is still one after `[:]`."""
    loaded = x if in_memory(x) else x[:]
    return loaded if in_memory(loaded) else np.array(loaded, subok=False)
