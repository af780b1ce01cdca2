"""Pairs of samples, half of them of the same class."""

from __future__ import annotations

import numpy as np

from mtl_search.data.types import Array

# Up to this many samples all pairs are listed, so that every one of them can be drawn.
_LISTED = 512


def most_pairs(labels: Array) -> int:
    """Return the most pairs, half of them equal, that samples with these labels (n,) form."""
    counts = np.bincount(labels)
    equal = int((counts * (counts - 1) // 2).sum())
    return 2 * min(equal, len(labels) * (len(labels) - 1) // 2 - equal)


def draw_pairs(
    samples: Array, labels: Array, count: int, rng: np.random.Generator, listed: int = _LISTED
) -> Array:
    """Draw different pairs of samples, half of equal labels; no sample is paired with itself.

    Every equal pair is as likely as any other, and so is every unequal one; which sample of a pair
    is on the left is random.

    Args:
        samples: (n,) sample numbers to choose from.
        labels: (n,) their labels.
        count: The number of pairs, even and at most `most_pairs(labels)`.
        rng: The source of randomness.
        listed: Up to this many samples, pairs are chosen from a list of all; above, they are
            proposed at random until there are enough different ones. Both give other pairs for the
            same seed.

    Returns:
        (count, 2) sample numbers in random order.

    Examples:
        >>> labels = np.array([0, 0, 1, 1])
        >>> pairs = draw_pairs(np.arange(4), labels, 4, np.random.default_rng(0))
        >>> int((labels[pairs[:, 0]] == labels[pairs[:, 1]]).sum())
        2
    """
    assert count % 2 == 0
    assert count <= most_pairs(labels)
    draw = _draw_from_list if len(labels) <= listed else _draw_by_proposal
    drawn = [draw(labels, count // 2, rng, equal=equal) for equal in (True, False)]
    pairs = rng.permutation(np.concatenate(drawn))
    return np.asarray(samples[rng.permuted(pairs, axis=1)])


def _draw_from_list(labels: Array, count: int, rng: np.random.Generator, *, equal: bool) -> Array:
    """Return different pairs (i, j), i < j, of labels that are equal or are not, (count, 2)."""
    first, second = np.triu_indices(len(labels), k=1)
    candidates = np.flatnonzero((labels[first] == labels[second]) == equal)
    chosen = rng.choice(candidates, count, replace=False)
    return np.stack([first[chosen], second[chosen]], 1)


def _draw_by_proposal(labels: Array, count: int, rng: np.random.Generator, *, equal: bool) -> Array:
    """Return different pairs (i, j), i < j, of labels that are equal or are not, (count, 2)."""
    n = len(labels)
    numbers = np.empty(0, np.int64)  # A pair is the one number i · n + j.
    while len(numbers) < count:
        first, second = np.sort(_propose(labels, 2 * count + 64, rng, equal=equal), axis=0)
        numbers = _without_repetitions(np.concatenate([numbers, first * n + second]))
    return np.stack(np.divmod(numbers[:count], n), 1)


def _propose(labels: Array, count: int, rng: np.random.Generator, *, equal: bool) -> Array:
    """Return pairs (2, m) of equal or unequal labels, repetitions among them."""
    n = len(labels)
    if not equal:
        pairs = rng.integers(0, n, (2, count))
        return np.asarray(pairs[:, labels[pairs[0]] != labels[pairs[1]]])
    order = np.argsort(labels, kind="stable")
    counts = np.bincount(labels)
    # A class of c samples has c · (c - 1) ordered pairs.
    weight = counts * (counts - 1.0)
    chosen = rng.choice(len(counts), count, p=weight / weight.sum())
    start = (np.cumsum(counts) - counts)[chosen]
    left = rng.integers(0, counts[chosen])
    right = (left + rng.integers(1, counts[chosen])) % counts[chosen]  # any but the left one
    return np.stack([order[start + left], order[start + right]])


def _without_repetitions(numbers: Array) -> Array:
    """Return each number once, in the order of their first occurrences."""
    return numbers[np.sort(np.unique(numbers, return_index=True)[1])]
