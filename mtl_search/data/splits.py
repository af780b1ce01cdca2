"""Random three-way splits with exact sizes; stratified or by group on request."""

from __future__ import annotations

from collections.abc import Mapping

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
    """Sample numbers 0..n-1 dealt to the three splits, a pure function of the arguments.

    Args:
        n: Number of samples.
        fractions: Split name → its part of the samples; they sum to 1.
        seed: Another seed gives another split.
        stratify: (n,) labels of any comparable type; each split gets its part of every label, to within 2 samples.
            Missing labels (-1) count as a label of their own.
        groups: (n,) group of each sample; no group comes into two splits. Sizes are then as near as groups allow.

    Returns:
        Split name → sorted sample numbers (int64). Without groups the sizes are exactly those of `split_sizes`.

    Raises:
        DataError: A split would be empty, there are fewer groups than splits, or both `stratify` and `groups` are
            given.
    """
    if stratify is not None and groups is not None:
        raise DataError("a split is either stratified or by group, not both")
    sizes = split_sizes(n, fractions)
    rng = np.random.default_rng(seed)
    if groups is not None:
        dealt = _deal_groups(np.unique(groups, return_inverse=True)[1].reshape(-1), sizes, rng)
    else:
        order = rng.permutation(n)
        if stratify is not None:
            # Sorted by label, in random order within one; then every stretch of the order is dealt in proportion.
            order = order[
                np.argsort(
                    np.unique(stratify, return_inverse=True)[1].reshape(-1)[order], kind="stable"
                )
            ]
        dealt = np.empty(n, np.int64)
        dealt[order] = _evenly_mixed(sizes)
    return {name: np.flatnonzero(dealt == number) for number, name in enumerate(SPLITS)}


def split_sizes(n: int, fractions: Mapping[str, float]) -> tuple[int, ...]:
    """Sizes of train, validation and test: each within 1 of its part, n in all (largest remainders round up).

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
    return tuple(int(size) for size in sizes)


def _evenly_mixed(sizes: tuple[int, ...]) -> Array:
    """Numbers of the splits in an order whose every stretch holds them in proportion.

    Item j of a split of size m belongs at (j + 1/2) / m of the way; all items are sorted by that.
    """
    positions = np.concatenate([(np.arange(size) + 0.5) / size for size in sizes])
    numbers = np.repeat(np.arange(len(sizes)), sizes)
    return numbers[np.argsort(positions, kind="stable")]


def _deal_groups(group: Array, sizes: tuple[int, ...], rng: np.random.Generator) -> Array:
    """Split number of every sample: large groups first, each to the split that lacks most."""
    counts = np.bincount(group)
    if len(counts) < len(sizes):
        raise DataError(f"{len(counts)} group(s) cannot be dealt to {len(sizes)} splits")
    shuffled = rng.permutation(len(counts))
    lacking = np.array(sizes)
    empty = set(range(len(sizes)))
    home = np.empty(len(counts), np.int64)
    ordered = shuffled[np.argsort(-counts[shuffled], kind="stable")]
    for dealt, number in enumerate(ordered):
        # The last groups go to the splits that have none yet, so that no split ends up empty.
        candidates = sorted(empty) if len(counts) - dealt <= len(empty) else range(len(sizes))
        split = max(candidates, key=lambda s: int(lacking[s]))
        home[number] = split
        lacking[split] -= counts[number]
        empty.discard(split)
    return np.asarray(home[group])
