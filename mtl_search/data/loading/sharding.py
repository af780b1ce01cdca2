"""Which shard of every batch one of several workers trains on, and how many labels it holds.

n samples of an epoch, G its batches, N samples of the data set
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from mtl_search.data.dataset import Target
from mtl_search.data.types import Array


@dataclass
class BatchCounts:
    """The counts of one batch over all workers.

    Attributes:
        total: The samples of the whole batch.
        labels: Target name → how many labels there are in this worker's shard and in the whole
            batch.
    """

    total: int
    labels: dict[str, tuple[int, int]] = field(default_factory=dict)


class BatchShards:
    """One worker's shards of all batches of an epoch.

    Args:
        totals: The samples of each batch (G,).
        worker: (r, R): this is worker r of R.
        least: No shard has fewer samples than this, unless it has none.
        targets: The targets whose labels are counted. All workers have all labels, so no worker has
            to ask another.

    Attributes:
        sizes: The samples of each shard (G,).
    """

    def __init__(
        self,
        totals: Sequence[int],
        worker: tuple[int, int],
        *,
        least: int,
        targets: Mapping[str, Target],
    ) -> None:
        self._totals = totals
        self._is_whole = worker[1] == 1
        bounds = [shard_bounds(total, worker, least=least) for total in totals]
        self._starts, self._stops = np.array(bounds, np.int64).reshape(-1, 2).T
        self.sizes: list[int] = (self._stops - self._starts).tolist()
        self._labels_per_sample: dict[str, Array] = {}
        for name, target in targets.items():
            # Where no label is missing, the samples are counted already.
            if not target.labelled.all():
                labelled = target.labelled.reshape(len(target.values), -1)
                self._labels_per_sample[name] = labelled.sum(1)

    def rows(self, order: Array) -> Array:
        """Return this worker's samples, in order, of the samples of an epoch in order (n,)."""
        if self._is_whole:
            return order
        batches = np.split(order, np.cumsum(self._totals)[:-1])
        shards = zip(batches, self._starts, self._stops, strict=True)
        return np.concatenate([batch[start:stop] for batch, start, stop in shards])

    def counts(self, order: Array) -> list[BatchCounts]:
        """Return the counts of each batch (G,), of the samples of an epoch in order (n,).

        Labels are counted only of targets that lack some in the data set.
        """
        counts = list(map(BatchCounts, self._totals))
        ends = np.cumsum([0, *self._totals])
        begins = ends[:-1]
        for name, labels in self._labels_per_sample.items():
            # labels_before[i] is the number of labels of the first i samples.
            labels_before = np.concatenate([[0], np.cumsum(labels[order])])
            in_shard = labels_before[begins + self._stops] - labels_before[begins + self._starts]
            in_batch = np.diff(labels_before[ends])
            pairs = zip(in_shard.tolist(), in_batch.tolist(), strict=True)
            for batch, pair in zip(counts, pairs, strict=True):
                batch.labels[name] = pair
        return counts


def gathered_places(totals: Sequence[int], workers: int) -> Array:
    """Return the place in an epoch's order of each sample, (n,), when shards come by worker.

    Worker 0 hands in its shards of all batches first, then worker 1, and so on.

    Args:
        totals: The samples of each batch (G,).
        workers: R, the number of workers; shards may have a single sample.

    Examples:
        >>> gathered_places([4, 3], workers=2)
        array([0, 1, 4, 5, 2, 3, 6])
    """
    order = np.arange(sum(totals))
    shards = [BatchShards(totals, (r, workers), least=1, targets={}) for r in range(workers)]
    return np.concatenate([shard.rows(order) for shard in shards])


def shard_bounds(total: int, worker: tuple[int, int], *, least: int = 1) -> tuple[int, int]:
    """Return where a worker's shard of a batch begins and ends.

    The shards are disjoint, complete and as even as can be, with one exception: where there are too
    few samples for every worker to have `least`, the first workers have them and the others none.
    Worker 0 always has some.

    Args:
        total: The samples of the batch.
        worker: (r, R): this is worker r of R.
        least: The fewest samples of a shard that has some.

    Examples:
        >>> [shard_bounds(5, (rank, 2)) for rank in range(2)]
        [(0, 3), (3, 5)]
        >>> [shard_bounds(3, (rank, 2), least=2) for rank in range(2)]
        [(0, 3), (3, 3)]
    """
    rank, ranks = worker
    busy = max(1, min(ranks, total // least))
    if rank >= busy:
        return total, total
    size, rest = divmod(total, busy)
    start = rank * size + min(rank, rest)
    return start, start + size + (rank < rest)
