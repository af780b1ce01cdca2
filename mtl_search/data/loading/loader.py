"""Batches of a split: from tensors that already lie on the device, or fetched ahead by a thread.

N is the samples of the data set, n those of the split, B those of a batch.

Both ways give the same batches in the same order, and that order is a pure function of (seed, epoch).

How resident batches are made was measured (one core, one view of W floats and one target, microseconds a batch):

    samples × W     B     whole split permuted, then sliced     `index_select` a batch     `tensor[rows]` a batch
    4000 × 4        64              1.5                                4.2                       5.9
    4000 × 128      512            30                                 12                        85
    20000 × 784     512          1221                                242                       529

Permuting saves calls, until its result no longer fits the processor's cache and comes from fresh pages. So a chunk of
several batches is permuted at a time, as many as stay within `_CHUNK_BYTES`, and sliced without copies.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from torch import Tensor
from torch.utils import dlpack

from mtl_search.data.dataset import DataSet
from mtl_search.data.loading.device_memory import device_memory
from mtl_search.data.loading.mixture_sampler import build_mixture_sampler
from mtl_search.data.loading.prefetch import prefetch
from mtl_search.data.loading.sampler import RandomSampler, Sampler, SequentialSampler
from mtl_search.data.loading.sharding import BatchShards, Counts
from mtl_search.data.types import Array, InputArray, in_memory
from mtl_search.errors import ConfigError

# On a GPU a call costs more than the copy that it starts, so there the chunk is nearly always the whole split.
_CHUNK_BYTES = {"cpu": 256 * 1024, "cuda": 64 * 1024 * 1024}
_PREFETCH = 4


@dataclass(slots=True)
class Batch:
    """Some samples on the device. Batches of one chunk share memory: read them, do not write into them.

    Attributes:
        inputs: View name → (B, ...).
        masks: View name → (B, T) bool, for those views that have one.
        targets: Target name → (B,), (B, L) or (B, T), missing labels marked as in the data set.
        size: B.
        total: Samples of the whole batch, of which other workers may hold a part.
        labels: Target name → how many labels there are in this part and in the whole batch; only where some are missing
            in the data set, and only when the loader counts.
    """

    inputs: dict[str, Tensor]
    masks: dict[str, Tensor]
    targets: dict[str, Tensor]
    size: int
    total: int
    labels: Mapping[str, tuple[int, int]]


class DeviceData:
    """All samples of some views and targets as tensors on one device; loaders of all splits share it.

    On the CPU the tensors are the data set's own memory, also where that is read-only (Ray's object store).

    Args:
        data: The data set.
        device: Where the tensors shall lie.
        views: Inputs to hold, with their masks; default: all.
        targets: Targets to hold; default: all.
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
        self.views = tuple(data.inputs if views is None else views)
        self.targets = tuple(data.targets if targets is None else targets)
        sources = _sources(data, self.views, self.targets)
        self.tensors = {key: as_tensor(_load(x)).to(device) for key, x in sources.items()}


class Loader:
    """Iterates over the batches of one split; the last one may be short, unless they are drawn from sources.

    The order changes with `set_epoch` only: call it before every epoch. An iterator that is dropped half-way leaves
    nothing behind.

    Args:
        data: The data set.
        split: `train`, `validation` or `test`.
        views: Inputs that the batches hold.
        targets: Targets that the batches hold.
        batch_size: Samples of a batch.
        device: Where the batches shall lie.
        shuffle: A new random order each epoch, drawn from the data set's sources where it has some; otherwise the
            split's own order.
        pieces: Batches in a row that are drawn from one source, as one batch of `pieces` times their size would be.
        seed: Of the order.
        resident: The samples on the device, shared with other loaders; None: a thread fetches batches ahead.
        part: (r, R): this is worker r of R, and gets its part of every batch, which may be empty.
        count_labels: Whether batches say how many labels they hold. All workers have all labels, so none need be asked.

    Attributes:
        totals: Samples of each whole batch of an epoch.
        sizes: Samples of this worker's part of each.
        draws: Source → its samples in the epoch that was begun last; empty where the data set has no sources.

    Raises:
        ConfigError: The data set has no such view or target.
    """

    def __init__(
        self,
        data: DataSet,
        split: str,
        *,
        views: Sequence[str],
        targets: Sequence[str],
        batch_size: int,
        device: torch.device,
        shuffle: bool = False,
        pieces: int = 1,
        seed: int = 0,
        resident: DeviceData | None = None,
        part: tuple[int, int] = (0, 1),
        count_labels: bool = False,
    ) -> None:
        assert batch_size > 0
        self.device = device
        self.seed = seed
        self.epoch = 0
        self._maker = _Maker(
            tuple(views), tuple(v for v in views if v in data.masks), tuple(targets)
        )
        self._sources = _sources(data, views, targets)
        self._order = _order(data, split, targets, batch_size, pieces, shuffle=shuffle)
        self.totals = self._order.sizes
        # Batch normalisation cannot train on one sample, so a part has none or at least two.
        counted = {name: data.targets[name] for name in targets} if count_labels else {}
        self._parts = BatchShards(self.totals, part, least=2 if shuffle else 1, targets=counted)
        self.sizes = self._parts.sizes
        self.samples_by_source: dict[str, int] = {}
        self._tensors: list[Tensor] | None = None
        if resident is not None:
            assert resident.device == device, "the resident tensors must lie on the loader's device"
            self._tensors = [resident.tensors[key] for key in self._sources]

    def __len__(self) -> int:
        """Batches of an epoch."""
        return len(self.sizes)

    @property
    def samples(self) -> int:
        """Samples of an epoch, over all workers."""
        return sum(self.totals)

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the iterators made from now on."""
        self.epoch = epoch

    def order(self) -> Array:
        """Numbers of the samples of the current epoch in their order, (n,) int64."""
        return self._order.rows(self.seed, self.epoch)

    def __iter__(self) -> Iterator[Batch]:
        order = self.order()
        self.samples_by_source = self._order.samples_by_source(order)
        counts, own = self._parts.counts(order), self._parts.rows(order)
        return (
            self._stream(own, counts)
            if self._tensors is None
            else self._resident(self._tensors, own, counts)
        )

    def _resident(
        self, tensors: list[Tensor], order: Array, counts: Sequence[Counts]
    ) -> Iterator[Batch]:
        left = iter(counts)
        for chunk, sizes in _chunks(tensors, order, self.sizes, self.device):
            yield from map(self._maker, zip(*(x.split(sizes) for x in chunk), strict=True), left)

    def _stream(self, order: Array, counts: Sequence[Counts]) -> Iterator[Batch]:
        pin = self.device.type == "cuda"
        sources = list(self._sources.values())
        parts = np.split(order, np.cumsum(self.sizes)[:-1])

        def fetch(rows: Array) -> list[Tensor]:
            # Indexing by an array always copies, so these tensors are writable and own their memory. Not every source
            # can read no sample at all.
            read = rows if len(rows) else self._order.samples[:1]
            fetched = [
                torch.from_numpy(np.ascontiguousarray(x[read]))[: len(rows)] for x in sources
            ]
            return [x.pin_memory() for x in fetched] if pin else fetched

        for tensors, count in zip(prefetch(fetch, parts, _PREFETCH), counts, strict=True):
            yield self._maker([x.to(self.device, non_blocking=True) for x in tensors], count)


class _Maker:
    """Puts the tensors of a batch under their names."""

    __slots__ = ("_masks", "_targets", "_views")

    def __init__(
        self, views: tuple[str, ...], masks: tuple[str, ...], targets: tuple[str, ...]
    ) -> None:
        self._views = views
        self._masks = masks
        self._targets = targets

    def __call__(self, tensors: Sequence[Tensor], counts: Counts) -> Batch:
        views, masks = len(self._views), len(self._masks)
        return Batch(
            dict(zip(self._views, tensors, strict=False)),
            dict(zip(self._masks, tensors[views:], strict=False)) if masks else {},
            dict(zip(self._targets, tensors[views + masks :], strict=True)),
            len(tensors[0]),
            *counts,
        )


def should_be_resident(
    data: DataSet,
    setting: Literal["auto", "always", "never"],
    device: torch.device,
    share: float = 1.0,
) -> bool:
    """Whether the whole data set shall lie on the device.

    Args:
        data: The data set.
        setting: `auto` says yes when all inputs are in memory already and take at most a quarter of the share.
        device: Where training happens.
        share: Of the device's memory, which other processes have the rest of.
    """
    if setting != "auto":
        return setting == "always"
    return all(map(in_memory, data.inputs.values())) and 4 * data.nbytes <= share * device_memory(
        device
    )


def as_tensor(x: Array) -> Tensor:
    """The array as a tensor of the same memory; `torch.from_numpy` would warn of a read-only one."""
    x = np.ascontiguousarray(
        x
    )  # itself, unless it is a reversed or strided view, which torch cannot share
    return torch.from_numpy(x) if x.flags.writeable else _from_read_only(x)


def _from_read_only(x: Array) -> Tensor:
    tensor: Tensor = dlpack.from_dlpack(x)
    return tensor


def _load(x: InputArray) -> Array:
    """All samples in memory; a memory map is still one after `[:]`."""
    loaded = x if in_memory(x) else x[:]
    return loaded if in_memory(loaded) else np.array(loaded, subok=False)


def _sources(
    data: DataSet, views: Sequence[str], targets: Sequence[str]
) -> dict[tuple[str, str], InputArray]:
    """Views, then their masks, then targets: the order that `_Maker` expects."""
    for what, chosen, known in (("view", views, data.inputs), ("target", targets, data.targets)):
        for name in chosen:
            if name not in known:
                raise ConfigError(
                    f"the data set has no such {what}", path="tasks", value=name, allowed=known
                )
    found: dict[tuple[str, str], InputArray] = {("view", name): data.inputs[name] for name in views}
    found |= {("mask", name): data.masks[name] for name in views if name in data.masks}
    return found | {("target", name): data.targets[name].values for name in targets}


def _order(
    data: DataSet, split: str, targets: Sequence[str], batch_size: int, pieces: int, *, shuffle: bool
) -> Sampler:  # fmt: skip
    rows = data.splits[split]
    if not shuffle:
        return SequentialSampler(rows, batch_size)
    return (
        RandomSampler(rows, batch_size)
        if data.sources is None
        else build_mixture_sampler(data, split, targets, batch_size, pieces)
    )


def _chunks(
    tensors: list[Tensor], order: Array, sizes: list[int], device: torch.device
) -> Iterator[tuple[list[Tensor], list[int]]]:
    """The samples in order, some whole batches at a time, with the sizes of these batches."""
    n = len(order)
    first = int(order[0]) if n else 0
    if n == 0 or (int(order[-1]) - first == n - 1 and (np.diff(order) == 1).all()):
        yield [x[first : first + n] for x in tensors], sizes
        return
    batch_bytes = max(sizes) * sum(x.element_size() * x[0].numel() for x in tensors)
    room = _CHUNK_BYTES.get(device.type, _CHUNK_BYTES["cuda"])
    many = max(1, room // max(1, batch_bytes))
    groups = [sizes[start : start + many] for start in range(0, len(sizes), many)]
    for rows, group in zip(
        as_tensor(order).to(device).split([sum(g) for g in groups]), groups, strict=True
    ):
        yield [x.index_select(0, rows) for x in tensors], group
