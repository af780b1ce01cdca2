"""Batches of a split: from tensors on the device, or fetched ahead by a thread.

N is the samples of the data set, n those of the split, B those of a batch.

Both ways give the same batches in the same order, which is a pure function of (seed, epoch).

How resident batches are made was measured (one core, one view of W floats and one target,
microseconds a batch):

    samples × W     B     split permuted and sliced    `index_select`    `tensor[rows]`
    4000 × 4        64               1.5                     4.2               5.9
    4000 × 128      512             30                      12                85
    20000 × 784     512           1221                     242               529

Permuting saves calls, until its result no longer fits the processor's cache and comes from fresh
pages. So a chunk of several batches is permuted at a time, as many as stay within `_CHUNK_BYTES`,
and sliced without copies.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor

from mtl_search.data.dataset import DataSet
from mtl_search.data.loading.batch import Batch, Collate
from mtl_search.data.loading.device_data import DeviceData, as_tensor, select_arrays
from mtl_search.data.loading.mixture_sampler import build_mixture_sampler
from mtl_search.data.loading.prefetch import prefetch
from mtl_search.data.loading.sampler import RandomSampler, Sampler, SequentialSampler
from mtl_search.data.loading.sharding import BatchCounts, BatchShards
from mtl_search.data.types import Array

# On a GPU a call costs more than the copy that it starts, so there the chunk is nearly always the
# whole split.
_CHUNK_BYTES = {"cpu": 256 * 1024, "cuda": 64 * 1024 * 1024}
_PREFETCH = 4


class Loader:
    """Iterates over the batches of one split.

    The last batch may be short, unless batches are drawn from sources. The order changes with
    `set_epoch` only: call it before every epoch. An iterator that is dropped half-way leaves
    nothing behind.

    Args:
        data: The data set.
        split: `train`, `validation` or `test`.
        views: The inputs of the batches.
        targets: The targets of the batches.
        batch_size: The samples of a batch.
        device: The device of the batches.
        shuffle: Whether each epoch has a new random order, with batches drawn from the data set's
            sources where it has some. Otherwise the order is that of the split.
        consecutive: How many batches in a row are drawn from one source, which are those that one
            batch of `consecutive` times their size would be divided into.
        seed: The seed of the order.
        resident: The samples on the device, shared with other loaders; None: a thread fetches
            batches ahead.
        worker: (r, R): this is worker r of R, and gets its shard of every batch, which may be
            empty.
        count_labels: Whether batches say how many labels they hold. All workers have all labels, so
            no worker has to ask another.

    Attributes:
        totals: The samples of each whole batch of an epoch.
        sizes: The samples of this worker's shard of each batch.
        samples_by_source: Source → its samples in the epoch that was begun last; empty where the
            data set has no sources.

    Raises:
        ConfigError: The data set has no such view or target.

    Examples:
        >>> import numpy as np
        >>> from mtl_search.data import DataSet, Target
        >>> labels = Target(np.arange(6) % 2, "class", ("even", "odd"))
        >>> splits = {"train": [0, 1, 2, 3], "validation": [4], "test": [5]}
        >>> data = DataSet({"x": np.ones((6, 3))}, {"y": labels}, splits)
        >>> loader = Loader(
        ...     data,
        ...     "train",
        ...     views=["x"],
        ...     targets=["y"],
        ...     batch_size=2,
        ...     device=torch.device("cpu"),
        ... )
        >>> [(batch.inputs["x"].shape, batch.targets["y"]) for batch in loader]
        [(torch.Size([2, 3]), tensor([0, 1])), (torch.Size([2, 3]), tensor([0, 1]))]
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
        consecutive: int = 1,
        seed: int = 0,
        resident: DeviceData | None = None,
        worker: tuple[int, int] = (0, 1),
        count_labels: bool = False,
    ) -> None:
        assert batch_size > 0
        self.device = device
        self.seed = seed
        self.epoch = 0
        self._arrays = select_arrays(data, views, targets)
        self._collate = Collate(list(self._arrays))
        self._sampler: Sampler
        if not shuffle:
            self._sampler = SequentialSampler(data.splits[split], batch_size)
        elif data.sources is None:
            self._sampler = RandomSampler(data.splits[split], batch_size)
        else:
            self._sampler = build_mixture_sampler(data, split, targets, batch_size, consecutive)
        self.totals = self._sampler.sizes
        self._shards = BatchShards(
            self.totals,
            worker,
            # Batch normalisation cannot train on one sample, so a shard has none or at least two.
            least=2 if shuffle else 1,
            targets={name: data.targets[name] for name in targets} if count_labels else {},
        )
        self.sizes = self._shards.sizes
        self.samples_by_source: dict[str, int] = {}
        self._tensors: list[Tensor] | None = None
        if resident is not None:
            assert resident.device == device, "the resident tensors must lie on the loader's device"
            self._tensors = [resident.tensors[key] for key in self._arrays]

    def __len__(self) -> int:
        """Return the number of batches of an epoch."""
        return len(self.sizes)

    @property
    def samples(self) -> int:
        """The samples of an epoch, over all workers."""
        return sum(self.totals)

    def set_epoch(self, epoch: int) -> None:
        """Choose the order of the iterators made from now on."""
        self.epoch = epoch

    def order(self) -> Array:
        """Return the numbers of the samples of the current epoch in their order, (n,) int64."""
        return self._sampler.rows(self.seed, self.epoch)

    @property
    def resident_keys(self) -> list[tuple[str, str]]:
        """What each of `resident_tensors` is: (`view`, `mask` or `target`; name)."""
        return list(self._arrays)

    @property
    def resident_tensors(self) -> list[Tensor]:
        """The samples on the device; empty where batches are fetched."""
        return self._tensors or []

    def epoch_plan(self) -> tuple[Array, list[Batch]]:
        """Return the samples of the current epoch, and its batches without their tensors.

        Returns:
            The numbers of this worker's samples (n,), batch by batch, and the batches.
        """
        order = self.order()
        self.samples_by_source = self._sampler.samples_by_source(order)
        counts = zip(self._shards.counts(order), self.sizes, strict=True)
        batches = [Batch({}, {}, {}, size, count.total, count.labels) for count, size in counts]
        return self._shards.rows(order), batches

    def __iter__(self) -> Iterator[Batch]:
        order = self.order()
        self.samples_by_source = self._sampler.samples_by_source(order)
        counts = self._shards.counts(order)
        rows = self._shards.rows(order)
        if self._tensors is None:
            return self._stream(rows, counts)
        return self._from_resident(self._tensors, rows, counts)

    def _from_resident(
        self, tensors: list[Tensor], rows: Array, counts: Sequence[BatchCounts]
    ) -> Iterator[Batch]:
        remaining = iter(counts)
        for chunk, sizes in _chunks(tensors, rows, self.sizes, self.device):
            # `map` and `zip` add little to the 1.5 µs that a batch takes.
            columns = [x.split(sizes) for x in chunk]
            yield from map(self._collate, zip(*columns, strict=True), remaining)

    def _stream(self, rows: Array, counts: Sequence[BatchCounts]) -> Iterator[Batch]:
        pin = self.device.type == "cuda"
        arrays = list(self._arrays.values())
        rows_of_batches = np.split(rows, np.cumsum(self.sizes)[:-1])

        def fetch(batch: Array) -> list[Tensor]:
            # Not every array can read no sample at all, so an empty shard reads one and drops it.
            read = batch if len(batch) else self._sampler.samples[:1]
            tensors = []
            for x in arrays:
                # Indexing by an array always copies, so the tensors are writable and own their
                # memory.
                tensor = torch.from_numpy(np.ascontiguousarray(x[read]))[: len(batch)]
                tensors.append(tensor.pin_memory() if pin else tensor)
            return tensors

        fetched = prefetch(fetch, rows_of_batches, _PREFETCH)
        for tensors, count in zip(fetched, counts, strict=True):
            yield self._collate([x.to(self.device, non_blocking=True) for x in tensors], count)


def _chunks(
    tensors: list[Tensor], rows: Array, sizes: list[int], device: torch.device
) -> Iterator[tuple[list[Tensor], list[int]]]:
    """Yield some whole batches at a time, with the sizes of these batches."""
    n = len(rows)
    first = int(rows[0]) if n else 0
    # Consecutive samples need no copy.
    if n == 0 or (int(rows[-1]) - first == n - 1 and (np.diff(rows) == 1).all()):
        yield [x[first : first + n] for x in tensors], sizes
        return
    batch_bytes = max(sizes) * sum(x.element_size() * x[0].numel() for x in tensors)
    chunk_bytes = _CHUNK_BYTES.get(device.type, _CHUNK_BYTES["cuda"])
    length = max(1, chunk_bytes // max(1, batch_bytes))
    groups = [sizes[start : start + length] for start in range(0, len(sizes), length)]
    # One copy to the device for the whole epoch.
    row_groups = as_tensor(rows).to(device).split(list(map(sum, groups)))
    for group_rows, group in zip(row_groups, groups, strict=True):
        yield [x.index_select(0, group_rows) for x in tensors], group
