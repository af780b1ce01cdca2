"""The order in which the samples of a split come, and the sizes of the batches that it is cut into.

n is the samples of the split, B those of a batch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from mtl_search.data.types import Array


class Sampler(ABC):
    """Which samples an epoch has, as a pure function of (seed, epoch).

    Args:
        rows: Numbers of the split's samples (n,).
        sizes: Samples of each batch, the same in every epoch.
    """

    def __init__(self, rows: Array, sizes: list[int]) -> None:
        self.samples = rows
        self.sizes = sizes

    @abstractmethod
    def rows(self, seed: int, epoch: int) -> Array:
        """Numbers of the samples of an epoch, (sum of `sizes`,) int64, batch by batch."""

    def samples_by_source(self, rows: Array) -> dict[str, int]:
        """How many of the rows are from each source; empty where there are no sources to draw from."""
        return {}


class SequentialSampler(Sampler):
    """The split's own order; the last batch may be short."""

    def __init__(self, rows: Array, batch_size: int) -> None:
        super().__init__(rows, batch_sizes(len(rows), batch_size, pair_up=False))

    def rows(self, seed: int, epoch: int) -> Array:
        """All samples."""
        return self.samples


class RandomSampler(Sampler):
    """A new random order of all samples each epoch; the last batch may be short."""

    def __init__(self, rows: Array, batch_size: int) -> None:
        super().__init__(rows, batch_sizes(len(rows), batch_size, pair_up=True))

    def rows(self, seed: int, epoch: int) -> Array:
        """All samples."""
        return np.asarray(np.random.default_rng([seed, epoch]).permutation(self.samples))


def batch_sizes(samples: int, batch_size: int, *, pair_up: bool) -> list[int]:
    """Sizes of the batches of an epoch; the last one may be short.

    Args:
        samples: n.
        batch_size: B.
        pair_up: A last batch of one sample joins the one before it: batch normalisation cannot train on it.
    """
    full, rest = divmod(samples, batch_size)
    if pair_up and rest == 1 and full:
        return [*[batch_size] * (full - 1), batch_size + 1]
    return [batch_size] * full + ([rest] if rest else [])
