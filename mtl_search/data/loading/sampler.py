"""The order in which the samples of a split come, and the sizes of its batches.

n is the samples of the split, B those of a batch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np

from mtl_search.data.types import Array


class Sampler(ABC):
    """The samples of an epoch, as a pure function of (seed, epoch).

    Args:
        samples: The numbers of the split's samples (n,).
        sizes: The number of samples of each batch, the same in every epoch.
    """

    def __init__(self, samples: Array, sizes: list[int]) -> None:
        self.samples = samples
        self.sizes = sizes

    @abstractmethod
    def rows(self, seed: int, epoch: int) -> Array:
        """Return the numbers of an epoch's samples, (sum of `sizes`,) int64, batch by batch."""

    def samples_by_source(self, rows: Array) -> dict[str, int]:
        """Return how many rows are from each source; empty where the data set has no sources."""
        return {}


class SequentialSampler(Sampler):
    """The split's own order; the last batch may be short."""

    def __init__(self, samples: Array, batch_size: int) -> None:
        super().__init__(samples, batch_sizes(len(samples), batch_size, allow_single=True))

    def rows(self, seed: int, epoch: int) -> Array:
        """Return all samples."""
        return self.samples


class RandomSampler(Sampler):
    """A new random order of all samples each epoch; the last batch may be short.

    Examples:
        >>> sampler = RandomSampler(np.arange(10), batch_size=3)
        >>> sampler.sizes
        [3, 3, 4]
        >>> bool((sampler.rows(seed=0, epoch=1) == sampler.rows(seed=0, epoch=1)).all())
        True
    """

    def __init__(self, samples: Array, batch_size: int) -> None:
        super().__init__(samples, batch_sizes(len(samples), batch_size, allow_single=False))

    def rows(self, seed: int, epoch: int) -> Array:
        """Return all samples in the order of this seed and epoch."""
        return np.asarray(np.random.default_rng([seed, epoch]).permutation(self.samples))


def batch_sizes(samples: int, batch_size: int, *, allow_single: bool) -> list[int]:
    """Return the sizes of the batches of an epoch; the last one may be short.

    Args:
        samples: n.
        batch_size: B.
        allow_single: Whether the last batch may have one sample. Otherwise that sample joins the
            batch before it: batch normalisation cannot train on one sample.
    """
    full, rest = divmod(samples, batch_size)
    if rest == 1 and full and not allow_single:
        return [*[batch_size] * (full - 1), batch_size + 1]
    return [batch_size] * full + ([rest] if rest else [])
