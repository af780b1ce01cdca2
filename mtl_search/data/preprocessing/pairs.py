"""Pairs of samples, half of them of the same class, drawn without listing all pairs there are."""

from __future__ import annotations

import numpy as np

from mtl_search.data.types import Array

# Up to this many samples all pairs are listed, so that every one of them can be drawn.
_LISTED = 512


def most_pairs(labels: Array) -> int:
    """The most pairs, half of them equal, that samples with these labels (n,) form."""
    counts = np.bincount(labels)
    equal = int((counts * (counts - 1) // 2).sum())
    return 2 * min(equal, len(labels) * (len(labels) - 1) // 2 - equal)


def draw_pairs(samples: Array, labels: Array, count: int, rng: np.random.Generator) -> Array:
    """Different pairs of samples, half of equal labels, (count, 2) in random order; no sample beside itself.

    Every equal pair is as likely as any other, and so is every unequal one; which sample is left is tossed.

    Args:
        samples: (n,) sample numbers to choose from.
        labels: (n,) their labels.
        count: Even, and at most `most_pairs(labels)`.
        rng: Where the choice comes from.
    """
    assert count % 2 == 0
    assert count <= most_pairs(labels)
    drawn = [_draw(labels, count // 2, rng, equal=equal) for equal in (True, False)]
    pairs = rng.permutation(np.concatenate(drawn))
    return np.asarray(samples[rng.permuted(pairs, axis=1)])


def _draw(labels: Array, count: int, rng: np.random.Generator, *, equal: bool) -> Array:
    """`count` different pairs (i, j), i < j, of labels that are equal or are not."""
    n = len(labels)
    if n <= _LISTED:
        first, second = np.triu_indices(n, k=1)
        fit = np.flatnonzero((labels[first] == labels[second]) == equal)
        chosen = rng.choice(fit, count, replace=False)
        return np.stack([first[chosen], second[chosen]], 1)
    numbers = np.empty(0, np.int64)  # i · n + j
    while len(numbers) < count:
        first, second = np.sort(_propose(labels, 2 * count + 64, rng, equal=equal), axis=0)
        numbers = _first_times(np.concatenate([numbers, first * n + second]))
    return np.stack(np.divmod(numbers[:count], n), 1)


def _propose(labels: Array, count: int, rng: np.random.Generator, *, equal: bool) -> Array:
    """Pairs (2, m) of equal or unequal labels, repetitions among them."""
    n = len(labels)
    if not equal:
        pairs = rng.integers(0, n, (2, count))
        return np.asarray(pairs[:, labels[pairs[0]] != labels[pairs[1]]])
    order = np.argsort(labels, kind="stable")
    counts = np.bincount(labels)
    weight = counts * (counts - 1.0)
    chosen = rng.choice(len(counts), count, p=weight / weight.sum())
    start = (np.cumsum(counts) - counts)[chosen]
    left = rng.integers(0, counts[chosen])
    right = (left + rng.integers(1, counts[chosen])) % counts[chosen]  # any but the left one
    return np.stack([order[start + left], order[start + right]])


def _first_times(numbers: Array) -> Array:
    """Each number once, in the order in which they first come."""
    return numbers[np.sort(np.unique(numbers, return_index=True)[1])]
