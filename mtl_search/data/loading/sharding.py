"""Which part of every batch one of several workers holds, and how many labels there are in it.

n samples of an epoch, G its batches, N samples of the data set
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mtl_search.data.dataset import Target
from mtl_search.data.types import Array

# Of a batch: samples of the whole; target name → labels in this worker's part and in the whole.
Counts = tuple[int, dict[str, tuple[int, int]]]


class BatchShards:
    """One worker's parts of all batches of an epoch.

    Args:
        totals: Samples of each batch (G,).
        part: (r, R): this is worker r of R.
        least: No part has fewer samples than this, unless it has none.
        targets: Those whose labels are counted. All workers have all labels, so none need be asked.

    Attributes:
        sizes: Samples of each part (G,).
    """

    def __init__(
        self,
        totals: Sequence[int],
        part: tuple[int, int],
        *,
        least: int,
        targets: Mapping[str, Target],
    ) -> None:
        self._totals, self._whole = totals, part[1] == 1
        self._bounds = np.array(
            [shard_bounds(total, part, least=least) for total in totals]
        ).reshape(-1, 2)
        self.sizes: list[int] = (self._bounds[:, 1] - self._bounds[:, 0]).tolist()
        self._labels = {
            name: found for name, x in targets.items() if (found := _labels_a_sample(x)) is not None
        }

    def rows(self, order: Array) -> Array:
        """Of the samples of an epoch in order (n,), those of this worker, in order."""
        if self._whole:
            return order
        starts = np.cumsum([0, *self._totals[:-1]])
        return np.concatenate(
            [order[s + a : s + b] for s, (a, b) in zip(starts, self._bounds, strict=True)]
        )

    def counts(self, order: Array) -> list[Counts]:
        """Of each batch (G,), labels only of targets that lack some somewhere."""
        counts: list[Counts] = [(total, {}) for total in self._totals]
        ends = np.cumsum([0, *self._totals])
        for name, labels in self._labels.items():
            until = np.concatenate(
                [[0], np.cumsum(labels[order])]
            )  # labels before each place in the order
            own = until[ends[:-1] + self._bounds[:, 1]] - until[ends[:-1] + self._bounds[:, 0]]
            for (_, found), mine, whole in zip(
                counts, own.tolist(), np.diff(until[ends]).tolist(), strict=True
            ):
                found[name] = mine, whole
        return counts


def shard_bounds(total: int, part: tuple[int, int], *, least: int = 1) -> tuple[int, int]:
    """Where worker r's part of a batch of `total` samples begins and ends.

    The parts are disjoint, complete and as even as can be, but for this: where there are too few samples for every one
    to have `least`, the first workers have them and the others none. Worker 0 always has some.
    """
    rank, ranks = part
    busy = max(1, min(ranks, total // least))
    if rank >= busy:
        return total, total
    size, rest = divmod(total, busy)
    start = rank * size + min(rank, rest)
    return start, start + size + (rank < rest)


def _labels_a_sample(target: Target) -> Array | None:
    """How many labels each sample has, (N,); None where none is missing."""
    labelled = target.labelled
    return None if labelled.all() else labelled.reshape(len(labelled), -1).sum(1)
