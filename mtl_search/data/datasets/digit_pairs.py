"""Pairs of scanned digits: which digit is left, which is right, and are they the same?

The 1797 scans of 8×8 pixels come with scikit-learn (`sklearn.datasets.load_digits`). They are the
test part of "Optical Recognition of Handwritten Digits" (E. Alpaydin and C. Kaynak, UCI Machine
Learning Repository, 1998, https://doi.org/10.24432/C50P49). No two scans are equal in all pixels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.datasets.image_pairs import check_pair_counts, draw_split_pairs, pair_data_set
from mtl_search.data.datasets.split_options import SplitOptions
from mtl_search.data.splits import DEFAULT_FRACTIONS
from mtl_search.source.collection import collection_paused

_DIGITS = tuple(map(str, range(10)))


def digit_pairs(
    train: int = 4000,
    validation: int = 1000,
    test: int = 1000,
    fractions: Sequence[float] | Mapping[str, float] = DEFAULT_FRACTIONS,
    seed: int = 0,
) -> DataSet:
    """Pair digits: views `left` and `right`, targets `left`, `right` (10 classes) and `same`.

    The views are (N, 1, 8, 8) float32 in [0, 1]. The scans are split first, so that no scan is in
    two splits; pairs are drawn within each split. Exactly half of the pairs of a split show the
    same digit, a scan is never paired with itself, and no pair is drawn twice.

    Args:
        train: The number of pairs to train on, even.
        validation: The number of pairs to validate on, even.
        test: The number of pairs to test on, even.
        fractions: The fractions of the scans for train, validation and test; each split is
            stratified by digit.
        seed: The seed of the split and of the pairs.

    Raises:
        ConfigError: A number of pairs is odd, or the scans of its split do not form so many.

    Examples:
        >>> data = digit_pairs(train=100, validation=20, test=20)
        >>> data.inputs["left"].shape, int(data.targets["same"].values.sum())
        ((140, 1, 8, 8), 70)
    """
    counts = check_pair_counts(train=train, validation=validation, test=test)
    options = SplitOptions.of(fractions=fractions, seed=seed)
    with collection_paused():  # takes a second, and only this data set needs it
        from sklearn.datasets import load_digits

    bunch = load_digits()
    images = bunch.images[:, None]
    digits = Target(bunch.target.astype(np.int64), "class", _DIGITS)
    # The pairs of so few scans are all listed, so that every one of them can be drawn.
    pairs = draw_split_pairs(
        digits.values, counts, options, noun="scans", listed=len(digits.values)
    )
    return pair_data_set(pairs, digits, images, 16.0, np.arange(len(images)))
