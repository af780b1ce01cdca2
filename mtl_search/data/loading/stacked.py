"""Batches of several loaders at once, stacked: for networks that are trained as one program.

M loaders, n samples of an epoch, N samples of a batch
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from mtl_search.data.loading.batch import Batch
from mtl_search.data.loading.device_data import as_tensor
from mtl_search.data.loading.loader import Loader


@dataclass(frozen=True)
class StackedBatch:
    """A batch of each loader.

    Attributes:
        inputs: View → (M, N, ...).
        masks: View → (M, N, T) bool, for the views that have one.
        targets: The targets (M, N, ...), in the order of the loaders' targets, whose names may
            differ.
        counts: The batch of each loader without its tensors: its samples and labels.
    """

    inputs: dict[str, Tensor]
    masks: dict[str, Tensor]
    targets: list[Tensor]
    counts: list[Batch]


class StackedBatches:
    """Iterate over the batches of loaders with resident data, each in its own order.

    Args:
        loaders: Loaders of one data set, with the same views and as many targets, whose batches
            have the same sizes.

    Examples:
        >>> import numpy as np
        >>> from mtl_search.data import DataSet, Target
        >>> from mtl_search.data.loading.device_data import DeviceData
        >>> labels = Target(np.arange(6) % 2, "class", ("even", "odd"))
        >>> splits = {"train": [0, 1, 2, 3], "validation": [4], "test": [5]}
        >>> data = DataSet({"x": np.arange(6.0)[:, None]}, {"y": labels}, splits)
        >>> device = torch.device("cpu")
        >>> resident = DeviceData(data, device)
        >>> loaders = [
        ...     Loader(
        ...         data,
        ...         "train",
        ...         views=["x"],
        ...         targets=["y"],
        ...         batch_size=2,
        ...         device=device,
        ...         shuffle=True,
        ...         seed=seed,
        ...         resident=resident,
        ...     )
        ...     for seed in range(3)
        ... ]
        >>> [batch.inputs["x"].shape for batch in StackedBatches(loaders)]
        [torch.Size([3, 2, 1]), torch.Size([3, 2, 1])]
    """

    def __init__(self, loaders: Sequence[Loader]) -> None:
        self._loaders = list(loaders)
        kinds = [kind for kind, _ in loaders[0].resident_keys]
        assert all([kind for kind, _ in loader.resident_keys] == kinds for loader in loaders)
        assert all(loader.sizes == loaders[0].sizes for loader in loaders)

    def __iter__(self) -> Iterator[StackedBatch]:
        epochs = [loader.epoch_plan() for loader in self._loaders]
        first = self._loaders[0]
        order = np.stack([rows for rows, _ in epochs])  # (M, n)
        rows = as_tensor(order).to(first.device)
        columns = list(zip(*[loader.resident_tensors for loader in self._loaders], strict=True))
        start = 0
        for number, size in enumerate(first.sizes):
            chosen = rows[:, start : start + size]
            start += size
            batch = StackedBatch({}, {}, [], [counts[number] for _, counts in epochs])
            for (kind, name), tensors in zip(first.resident_keys, columns, strict=True):
                stacked = _select(tensors, chosen)
                if kind == "target":
                    batch.targets.append(stacked)
                else:
                    (batch.inputs if kind == "view" else batch.masks)[name] = stacked
            yield batch


def _select(tensors: Sequence[Tensor], rows: Tensor) -> Tensor:
    """Return the rows (M, N) of M tensors, (M, N, ...)."""
    first = tensors[0]
    if all(tensor is first for tensor in tensors):
        return first.index_select(0, rows.reshape(-1)).unflatten(0, rows.shape)
    pairs = zip(tensors, rows, strict=True)
    return torch.stack([tensor.index_select(0, own) for tensor, own in pairs])
