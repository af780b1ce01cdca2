"""Pairs of scanned digits: which digit is left, which is right, and are they the same?

The 1797 scans of 8×8 pixels come with scikit-learn (`sklearn.datasets.load_digits`); they are the test part of
"Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak, UCI Machine Learning Repository, 1998,
https://doi.org/10.24432/C50P49). No two scans are equal in all pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mtl_search.config.checks import check_int
from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.datasets import target_spec
from mtl_search.data.splits import DEFAULT_FRACTIONS, random_split
from mtl_search.data.types import SPLITS, Array
from mtl_search.errors import ConfigError

_DIGITS = tuple(str(digit) for digit in range(10))


def digit_pairs(
    train: int = 4000,
    validation: int = 1000,
    test: int = 1000,
    fractions: Sequence[float] | Mapping[str, float] = DEFAULT_FRACTIONS,
    seed: int = 0,
) -> DataSet:
    """Views `left` and `right`, (N, 1, 8, 8) in [0, 1]; targets `left`, `right` (10 classes) and `same` (binary).

    The scans are split first, so that no scan is in two splits; pairs are drawn within each split. Exactly half of
    the pairs of a split show the same digit, twice the same scan is no pair, and no pair is drawn twice.

    Args:
        train: Pairs to train on, an even number.
        validation: Pairs to validate on, an even number.
        test: Pairs to test on, an even number.
        fractions: Parts of the scans for train, validation and test, each split stratified by digit.
        seed: Of the split and of the pairs.

    Raises:
        ConfigError: A number of pairs is odd, or the scans of its split do not form so many.
    """
    counts = {"train": train, "validation": validation, "test": test}
    for name, count in counts.items():
        if check_int(count, f"data.{name}", low=2) % 2:
            raise ConfigError(
                "an even number is needed, for as many equal pairs as different ones",
                path=f"data.{name}",
                value=count,
            )
    parts = target_spec.fractions("fractions", fractions)
    images, digits = _load()
    scans = random_split(len(digits), parts, check_int(seed, "data.seed", low=0), stratify=digits)
    pairs = {}
    for number, name in enumerate(SPLITS):
        rng = np.random.default_rng([seed, number])
        pairs[name] = _draw_pairs(name, scans[name], digits, counts[name], rng)
    left, right = np.concatenate([pairs[name] for name in SPLITS]).T
    starts = np.cumsum([0, *(counts[name] for name in SPLITS)])
    return DataSet(
        inputs={"left": images[left], "right": images[right]},
        targets={
            "left": Target(digits[left], "class", _DIGITS),
            "right": Target(digits[right], "class", _DIGITS),
            "same": Target(
                (digits[left] == digits[right]).astype(np.int64), "binary", ("different", "same")
            ),
        },
        splits={name: np.arange(starts[k], starts[k + 1]) for k, name in enumerate(SPLITS)},
    )


def _load() -> tuple[Array, Array]:
    """Scans (1797, 1, 8, 8) float32 in [0, 1] and their digits (1797,) int64."""
    from sklearn.datasets import load_digits  # takes a second, and only this data set needs it

    bunch = load_digits()
    return (bunch.images[:, None] / 16).astype(np.float32), bunch.target.astype(np.int64)


def _draw_pairs(
    name: str, scans: Array, digits: Array, count: int, rng: np.random.Generator
) -> Array:
    """`count` different pairs of the scans, (count, 2) scan numbers, half of equal digits, in random order."""
    first, second = np.triu_indices(len(scans), k=1)
    same = digits[scans[first]] == digits[scans[second]]
    drawn = []
    for wanted in (same, ~same):
        candidates = np.flatnonzero(wanted)
        if len(candidates) < count // 2:
            raise ConfigError(
                f"{len(scans)} scans form no more than {2 * min(same.sum(), (~same).sum())} pairs, half of them equal",
                path=f"data.{name}",
                value=count,
            )
        drawn.append(rng.choice(candidates, count // 2, replace=False))
    chosen = rng.permutation(np.concatenate(drawn))
    pairs = np.stack([scans[first[chosen]], scans[second[chosen]]], axis=1)
    return np.asarray(
        rng.permuted(pairs, axis=1)
    )  # or the left scan would always have the lower number
