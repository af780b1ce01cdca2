"""Random three-way splits with exact sizes; stratified or by group on request."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mtl_search.data.types import SPLITS, Array
from mtl_search.errors import DataError

DEFAULT_FRACTIONS = (0.6, 0.2, 0.2)


def random_split(
    n: int,
    fractions: Mapping[str, float],
    seed: int,
    stratify: Array | None = None,
    groups: Array | None = None,
) -> dict[str, Array]:
    """Divide the sample numbers 0..n-1 into the three splits, a pure function of the arguments.

    Args:
        n: The number of samples.
        fractions: Split name → its fraction of the samples; they sum to 1.
        seed: The seed; another one gives another split.
        stratify: (n,) labels of any comparable type; each split gets its fraction of every label,
            to within 2 samples. Missing labels (-1) count as a label of their own.
        groups: (n,) the group of each sample; no group is in two splits. Sizes are then as near as
            groups allow.

    Returns:
        Split name → sorted sample numbers (int64). Without groups the sizes are exactly those of
        `split_sizes`.

    Raises:
        DataError: A split would be empty, there are fewer groups than splits, or both `stratify`
            and `groups` are given.

    Examples:
        >>> fractions = {"train": 0.6, "validation": 0.2, "test": 0.2}
        >>> splits = random_split(10, fractions, seed=0, stratify=np.arange(10) % 2)
        >>> {name: len(rows) for name, rows in splits.items()}
        {'train': 6, 'validation': 2, 'test': 2}
    """
    if stratify is not None and groups is not None:
        raise DataError("a split is either stratified or by group, not both")
    sizes = split_sizes(n, fractions)
    rng = np.random.default_rng(seed)
    if groups is not None:
        split_of = _deal_groups(_codes(groups), sizes, rng)
    else:
        order = rng.permutation(n)
        if stratify is not None:
            # Sorted by label, in random order within one; every part of it is dealt in proportion.
            order = order[np.argsort(_codes(stratify)[order], kind="stable")]
        split_of = np.empty(n, np.int64)
        split_of[order] = _evenly_mixed(sizes)
    return {name: np.flatnonzero(split_of == number) for number, name in enumerate(SPLITS)}


def consecutive_splits(sizes: Sequence[int]) -> dict[str, Array]:
    """Return the first samples as train, the next as validation and the others as test.

    Args:
        sizes: The sizes of train, validation and test.
    """
    ends = np.cumsum(sizes)
    rows = np.split(np.arange(ends[-1]), ends[:-1])
    return dict(zip(SPLITS, rows, strict=True))


def split_sizes(n: int, fractions: Mapping[str, float]) -> tuple[int, ...]:
    """Return the sizes of train, validation and test.

    Each is within 1 of its fraction, and all are n together (largest remainders round up).

    Raises:
        DataError: A split would be empty.
    """
    ideal = np.array([fractions[name] for name in SPLITS]) * n
    sizes = np.floor(ideal + 1e-9).astype(np.int64)  # 0.7 * 10 is a little less than 7
    remainders = ideal - sizes
    sizes[np.argsort(-remainders, kind="stable")[: n - int(sizes.sum())]] += 1
    for name, size in zip(SPLITS, sizes, strict=True):
        if size == 0:
            raise DataError(
                f"the {name} split of {n} samples would be empty ({fractions[name]:g} of them)"
            )
    return tuple(map(int, sizes))


def _codes(values: Array) -> Array:
    """Return the number of each value among the distinct ones in their order, (n,)."""
    # numpy 2.0 alone returns the inverse in the shape of its input.
    return np.unique(values, return_inverse=True)[1].reshape(-1)


def _evenly_mixed(sizes: tuple[int, ...]) -> Array:
    """Return numbers of the splits in an order whose every part holds them in proportion.

    Item j of a split of size m belongs at (j + 1/2) / m of the way; all items are sorted by that.
    """
    positions = np.concatenate([(np.arange(size) + 0.5) / size for size in sizes])
    numbers = np.repeat(np.arange(len(sizes)), sizes)
    return numbers[np.argsort(positions, kind="stable")]


def _deal_groups(group: Array, sizes: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Return the split number of every sample: large groups first, each where most are lacking."""
    counts = np.bincount(group)
    if len(counts) < len(sizes):
        raise DataError(f"{len(counts)} group(s) cannot be dealt to {len(sizes)} splits")
    shuffled = rng.permutation(len(counts))
    lacking = np.array(sizes)
    empty = set(range(len(sizes)))
    split_of_group = np.empty(len(counts), np.int64)
    largest_first = shuffled[np.argsort(-counts[shuffled], kind="stable")]
    for dealt, number in enumerate(largest_first):
        # The last groups go to the splits that have none yet, so that no split ends up empty.
        candidates = sorted(empty) if len(counts) - dealt <= len(empty) else range(len(sizes))
        split = max(candidates, key=lambda s: int(lacking[s]))
        split_of_group[number] = split
        lacking[split] -= counts[number]
        empty.discard(split)
    return np.asarray(split_of_group[group])
