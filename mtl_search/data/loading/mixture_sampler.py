"""Batches drawn from several sources.

K sources, n_k training samples of source k and n of all, B samples of a batch, p_k the part of the batches that source
k is to have (see `sampling`)

Each batch comes from one source, as in jiant (Y. Pruksachatkun and others, 2020) and MaChAmp (R. van der Goot and
others, 2021). An epoch is ceil(n / B) batches unless told otherwise, whatever the policy: the sizes of the sources
neither cut it short nor stretch it.

A source is an endless stream: all its samples in random order, then all again in another order. Its batches are cut
from there one after the other, over the ends of passes and of epochs. So every batch is full, and at any time all
samples of a source have come equally often, to within 1. (Of a source smaller than a batch, samples come several times
in one.)

Which source each batch is from follows from quotas and not from chance: after t batches of the whole run, source k has
had t·p_k of them, to within (1 + K·p_k)/2. What is left of an epoch's quotas is carried into the next.

Training for tasks that have labels in some of the sources only, as a single-task arm does, draws from these alone, as
many batches an epoch as they get where all are drawn from: its arm is compared on equal data.
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

# Passes of a small source are shuffled so many samples at a time: a generator for each would take 20 µs.
_BLOCK = 4096
# Ends of the generators' seeds. numpy reads [1, 2] and [1, 2, 0] as one seed, so none of them is 0.
_TURNS, _PASSES = 1, 2


class MixtureSampler(Sampler):
    """The order of the training batches of a data set with sources.

    Args:
        sources: Of the data set.
        rows: Samples to train on.
        batch_size: B.
        wanted: (K,) bool, the sources to draw from.
        pieces: Batches that one drawn batch of `pieces` · B samples is cut into.

    Attributes:
        batches: Of an epoch, before they are cut.
        shares: (K,) parts of these batches; 0 for sources that are not drawn from.
    """

    def __init__(
        self, sources: Sources, rows: Array, batch_size: int, wanted: Array, pieces: int = 1
    ) -> None:
        sizes, drawn_size = sources.sizes(rows), batch_size * pieces
        shares = np.where(wanted, sources.shares(sizes), 0.0)
        whole = sources.batches or -(-len(rows) // drawn_size)
        self.batches = max(1, round(whole * float(shares.sum())))
        self.shares = shares / shares.sum()
        super().__init__(rows, [batch_size] * (self.batches * pieces))
        self._sources, self._batch_size = sources, drawn_size
        self._drawn = np.flatnonzero(wanted)
        self._rows = {int(k): rows[sources.numbers[rows] == k] for k in self._drawn}

    def rows(self, seed: int, epoch: int) -> Array:
        """Samples of an epoch, (batches · pieces · B,)."""
        before, after = (
            quotas(self.shares[self._drawn], self.batches * e) for e in (epoch, epoch + 1)
        )
        turns = self._turns(before, after, np.random.default_rng([seed, epoch, _TURNS]))
        drawn = np.empty((self.batches, self._batch_size), np.int64)
        for turn, k in enumerate(self._drawn):
            start, stop = int(before[turn]) * self._batch_size, int(after[turn]) * self._batch_size
            drawn[turns == turn] = _stream_slice(
                self._rows[int(k)], start, stop, [seed, int(k)]
            ).reshape(-1, self._batch_size)
        return drawn.reshape(-1)

    def samples_by_source(self, rows: Array) -> dict[str, int]:
        """How many of the rows are from each source that is drawn from."""
        counts = self._sources.sizes(rows)
        return {self._sources.names[k]: int(counts[k]) for k in self._drawn}

    def _turns(self, before: Array, after: Array, rng: np.random.Generator) -> Array:
        """Which of the drawn sources each batch of an epoch is from, (batches,)."""
        turns = np.repeat(np.arange(len(self._drawn)), after - before)
        if self._sources.sampling.shuffled:
            return rng.permutation(turns)
        shares = self.shares[self._drawn]
        due = [
            _due(np.arange(b, a), share) for b, a, share in zip(before, after, shares, strict=True)
        ]
        return turns[np.argsort(np.concatenate(due), kind="stable")]


def build_mixture_sampler(
    data: DataSet, split: str, targets: Iterable[str], batch_size: int, pieces: int = 1
) -> MixtureSampler:
    """The draws of a trial whose tasks have these targets: from the sources with a label of one, or else from all."""
    sources, rows = data.sources, data.splits[split]
    assert sources is not None
    wanted = np.zeros(len(sources.names), np.bool_)
    for name in targets:
        labelled = data.targets[name].labelled[rows].reshape(len(rows), -1).any(axis=1)
        wanted[sources.numbers[rows[labelled]]] = True
    return MixtureSampler(sources, rows, batch_size, wanted if wanted.any() else ~wanted, pieces)


def quotas(shares: Array, total: int) -> Array:
    """How many of the first `total` batches each source has had, (K,) int64.

    The j-th batch of a source (from 0) is due at (j + 1/2) / p; batches come in the order in which they are due, the
    earlier source first where several are due together. This is the apportionment of Webster and Sainte-Laguë, which
    never takes a seat away as the house grows (M. Balinski and H. P. Young, "Fair Representation", 1982).

    Args:
        shares: (K,) parts p, above 0 and 1 in all.
        total: Batches.
    """
    # All that are due this much earlier number less than `total`, by more than rounding could move at that edge.
    edge = total - 2 * len(shares)
    counts = np.maximum(np.floor(shares * edge + 0.5), 0).astype(np.int64)
    while counts.sum() < total:
        counts[np.argmin(_due(counts, shares))] += 1
    return counts


def _due(number: Array, share: Array) -> Array:
    return np.asarray((number + 0.5) / share)


def _stream_slice(rows: Array, start: int, stop: int, seed: list[int]) -> Array:
    """Places `start` to `stop` of the endless stream of a source's samples."""
    passes = max(1, _BLOCK // len(rows))
    length = passes * len(rows)
    first, last = start // length, -(-stop // length)
    blocks = [
        np.random.default_rng([*seed, block, _PASSES])
        .permuted(np.tile(rows, (passes, 1)), axis=1)
        .reshape(-1)
        for block in range(first, last)
    ]
    return np.concatenate([rows[:0], *blocks])[start - first * length : stop - first * length]
