"""Batches of several loaders at once, stacked: for networks that are trained as one program.

M loaders, n samples of an epoch, N samples of a batch, K batches of a chunk
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import takewhile

import numpy as np
import torch
from torch import Tensor

from mtl_search.data.loading.batch import Batch
from mtl_search.data.loading.device_data import as_tensor
from mtl_search.data.loading.loader import Loader

# What is gathered at a time. Fewer calls, until a chunk no longer fits the processor's cache.
_CHUNK_BYTES = {"cpu": 1024 * 1024, "cuda": 64 * 1024 * 1024}


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
        self._keys = loaders[0].resident_keys
        kinds = [kind for kind, _ in self._keys]
        assert all([kind for kind, _ in loader.resident_keys] == kinds for loader in loaders)
        assert all(loader.sizes == loaders[0].sizes for loader in loaders)
        tensors = list(zip(*[loader.resident_tensors for loader in loaders], strict=True))
        self._columns = _Columns(tensors)

    def __iter__(self) -> Iterator[StackedBatch]:
        epochs = [loader.epoch_plan() for loader in self._loaders]
        order = np.stack([rows for rows, _ in epochs])  # (M, n)
        device = self._loaders[0].device
        rows = as_tensor(order).to(device)
        sizes = self._loaders[0].sizes
        number = start = 0
        while number < len(sizes):
            size = sizes[number]
            alike = len(list(takewhile(size.__eq__, sizes[number:])))
            batch_bytes = max(1, len(order) * size * self._columns.row_bytes)
            limit = _CHUNK_BYTES.get(device.type, _CHUNK_BYTES["cuda"])
            count = min(alike, max(1, limit // batch_bytes))
            chunk = rows[:, start : start + count * size]
            chunk = chunk.reshape(len(order), count, size).transpose(0, 1)  # (K, M, N)
            for tensors in zip(*self._columns.select(chunk), strict=True):
                yield self._batch(tensors, [counts[number] for _, counts in epochs])
                number += 1
            start += count * size

    def _batch(self, tensors: Sequence[Tensor], counts: list[Batch]) -> StackedBatch:
        batch = StackedBatch({}, {}, [], counts)
        for (kind, name), tensor in zip(self._keys, tensors, strict=True):
            if kind == "target":
                batch.targets.append(tensor)
            else:
                (batch.inputs if kind == "view" else batch.masks)[name] = tensor
        return batch


class _Columns:
    """The tensors of all loaders; those of one type and shape are gathered by one operation.

    Args:
        tensors: The tensors of each column, one a loader, (rows, ...).
    """

    def __init__(self, tensors: Sequence[Sequence[Tensor]]) -> None:
        self._count = len(tensors)
        self.row_bytes = sum(x.element_size() * x[0].numel() for x, *_ in tensors)
        alike: dict[tuple[object, ...], list[int]] = {}
        for column, (first, *others) in enumerate(tensors):
            shared = all(x is first for x in others)
            # A view that all read is gathered from where it is; copies are for what is small.
            key = (first.dtype, first.shape) if first.ndim == 1 or not shared else (column,)
            alike.setdefault(key, []).append(column)
        self._groups = [_Group(own, [tensors[c] for c in own]) for own in alike.values()]

    def select(self, rows: Tensor) -> list[Sequence[Tensor]]:
        """Return K batches (M, N, ...) of each column, for rows (K, M, N)."""
        found: list[Sequence[Tensor]] = [()] * self._count
        for group in self._groups:
            chosen = group.select(rows)  # (columns, K, M, N, ...)
            for column, own in zip(group.columns, chosen.unbind(0), strict=True):
                found[column] = own.unbind(0)
        return found


class _Group:
    """Columns of one type and shape, as one tensor."""

    def __init__(self, columns: Sequence[int], tensors: Sequence[Sequence[Tensor]]) -> None:
        self.columns = columns
        different = {id(x): x for same in tensors for x in same}
        places = {key: place for place, key in enumerate(different)}
        joined = list(different.values())
        self._joined = joined[0] if len(joined) == 1 else torch.cat(joined)
        # Where each loader's rows of each column begin, (columns, 1, M, 1).
        length = len(joined[0])
        starts = [[places[id(x)] * length for x in same] for same in tensors]
        self._starts = torch.tensor(starts, device=self._joined.device)[:, None, :, None]

    def select(self, rows: Tensor) -> Tensor:
        """Return (columns, K, M, N, ...) for rows (K, M, N)."""
        places = rows + self._starts
        chosen = self._joined.index_select(0, places.reshape(-1))
        return chosen.view(*places.shape, *self._joined.shape[1:])
