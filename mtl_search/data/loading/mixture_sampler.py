"""Batches drawn from several sources.

K sources, n_k training samples of source k and n of all, B samples of a batch, p_k the fraction of
the batches that source k is to have (see `mixture`)

Each batch comes from one source, as in jiant (Y. Pruksachatkun and others, 2020) and MaChAmp
(R. van der Goot and others, 2021). An epoch is ceil(n / B) batches by default, whatever the policy:
the sizes of the sources neither end it early nor extend it.

A source is an endless stream: all its samples in random order, then all again in another order. Its
batches are taken from there one after the other, over the ends of passes and of epochs. So every
batch is full, and at any time all samples of a source have come equally often, to within 1. (Of a
source smaller than a batch, samples come several times in one.)

Which source each batch is from follows from quotas and not from chance: after t batches of the
whole run, source k has had t·p_k of them, to within (1 + K·p_k)/2. What is left of an epoch's
quotas is carried into the next.

Training for tasks that have labels in some of the sources only, as a single-task arm does, draws
from these alone, as many batches an epoch as they get where all are drawn from: its arm is compared
on equal data.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from mtl_search.data.loading.sampler import Sampler
from mtl_search.data.mixture import Sources
from mtl_search.data.types import Array

if TYPE_CHECKING:
    from mtl_search.data.dataset import DataSet

# Passes of a small source are shuffled so many samples at a time: a generator for each would take
# 20 µs.
_BLOCK = 4096
# The last numbers of the generators' seeds, one for the order of the sources and one for the order
# of a source's samples. numpy reads [1, 2] and [1, 2, 0] as one seed, so neither of them is 0.
_SOURCES_SEED = 1
_SAMPLES_SEED = 2


class MixtureSampler(Sampler):
    """The order of the training batches of a data set with sources.

    Args:
        sources: The sources of the data set.
        samples: The numbers of the samples to train on.
        batch_size: B.
        chosen: (K,) bool, the sources to draw from.
        consecutive: How many batches in a row are from one source. They are taken as one large
            batch and then divided, so that smaller batches leave the samples of a step unchanged.

    Attributes:
        batches: The large batches of an epoch.
        shares: (K,) the fractions of these batches; 0 for sources that are not drawn from.
    """

    def __init__(
        self, sources: Sources, samples: Array, batch_size: int, chosen: Array, consecutive: int = 1
    ) -> None:
        sizes = sources.sizes(samples)
        self._large_batch = batch_size * consecutive
        shares = np.where(chosen, sources.shares(sizes), 0.0)
        all_batches = sources.batches or -(-len(samples) // self._large_batch)
        self.batches = max(1, round(all_batches * float(shares.sum())))
        self.shares = shares / shares.sum()
        super().__init__(samples, [batch_size] * (self.batches * consecutive))
        self._sources = sources
        self._chosen = np.flatnonzero(chosen)
        source_of = sources.numbers[samples]
        self._samples_of = [samples[source_of == source] for source in self._chosen]

    def rows(self, seed: int, epoch: int) -> Array:
        """Return the samples of an epoch, (batches · consecutive · B,)."""
        # The quotas of the batches before this epoch, and of those before the next one.
        before = quotas(self.shares[self._chosen], self.batches * epoch)
        after = quotas(self.shares[self._chosen], self.batches * (epoch + 1))
        order = self._source_order(
            before, after, np.random.default_rng([seed, epoch, _SOURCES_SEED])
        )
        batches = np.empty((self.batches, self._large_batch), np.int64)
        for number, source in enumerate(self._chosen):
            start, stop = (int(quota[number]) * self._large_batch for quota in (before, after))
            stream = _stream_slice(self._samples_of[number], start, stop, [seed, int(source)])
            batches[order == number] = stream.reshape(-1, self._large_batch)
        return batches.reshape(-1)

    def samples_by_source(self, rows: Array) -> dict[str, int]:
        """Return how many of the rows are from each source that is drawn from."""
        counts = self._sources.sizes(rows)
        return {self._sources.names[source]: int(counts[source]) for source in self._chosen}

    def _source_order(self, before: Array, after: Array, rng: np.random.Generator) -> Array:
        """Return which of the chosen sources each batch of an epoch is from, (batches,)."""
        order = np.repeat(np.arange(len(self._chosen)), after - before)
        if self._sources.sampling.shuffled:
            return rng.permutation(order)
        due = []
        for first, end, share in zip(before, after, self.shares[self._chosen], strict=True):
            due.append(_due_time(np.arange(first, end), share))
        return order[np.argsort(np.concatenate(due), kind="stable")]


def build_mixture_sampler(
    data: DataSet, split: str, targets: Iterable[str], batch_size: int, consecutive: int = 1
) -> MixtureSampler:
    """Build the sampler of a trial, which draws from the sources with a label of its targets.

    Where no source has one, it draws from all.

    Args:
        data: A data set with sources.
        split: The split to draw from.
        targets: The targets of the trial's tasks.
        batch_size: The samples of a batch.
        consecutive: How many batches in a row are from one source.
    """
    sources = data.sources
    assert sources is not None
    rows = data.splits[split]
    chosen = np.zeros(len(sources.names), np.bool_)
    for name in targets:
        labelled = data.targets[name].labelled[rows].reshape(len(rows), -1).any(axis=1)
        chosen[sources.numbers[rows[labelled]]] = True
    if not chosen.any():
        chosen = ~chosen
    return MixtureSampler(sources, rows, batch_size, chosen, consecutive)


def quotas(shares: Array, total: int) -> Array:
    """Return how many of the first `total` batches each source has had, (K,) int64.

    The j-th batch of a source (from 0) is due at (j + 1/2) / p; batches come in the order in which
    they are due, the earlier source first where several are due together. This is the apportionment
    of Webster and Sainte-Laguë, which never takes a seat away as the house grows (M. Balinski and
    H. P. Young, "Fair Representation", 1982).

    Args:
        shares: (K,) the fractions p, above 0 and 1 in all.
        total: The number of batches.

    Examples:
        >>> quotas(np.array([0.75, 0.25]), 6)
        array([5, 1])
    """
    # All that are due this much earlier number less than `total`, by more than rounding could
    # change at that edge.
    edge = total - 2 * len(shares)
    counts = np.maximum(np.floor(shares * edge + 0.5), 0).astype(np.int64)
    while counts.sum() < total:
        counts[np.argmin(_due_time(counts, shares))] += 1
    return counts


def _due_time(number: Array, share: Array) -> Array:
    return np.asarray((number + 0.5) / share)


def _stream_slice(samples: Array, start: int, stop: int, seed: list[int]) -> Array:
    """Return positions `start` to `stop` (not included) of the endless stream of a source.

    Args:
        samples: The numbers of the source's samples.
        start: The first position.
        stop: The position after the last.
        seed: The seed of the run, and the number of the source.
    """
    passes = max(1, _BLOCK // len(samples))
    block_length = passes * len(samples)
    first = start // block_length
    blocks = [samples[:0]]
    for block in range(first, -(-stop // block_length)):
        rng = np.random.default_rng([*seed, block, _SAMPLES_SEED])
        # Each row is one pass over all samples.
        blocks.append(rng.permuted(np.tile(samples, (passes, 1)), axis=1).reshape(-1))
    offset = first * block_length
    return np.concatenate(blocks)[start - offset : stop - offset]
