"""Scanned digits: few labels of the digit itself, and attributes of every scan.

Attributes are cheap labels beside a class that is dear (C. H. Lampert et al., "Learning to Detect
Unseen Object Classes by Between-Class Attribute Transfer", CVPR 2009). Here they follow from the
digit, so they are those of the printed sign: a 4 whose top somebody has closed has no loop.

The scans are those of `digit_pairs`, which come with scikit-learn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from mtl_search.config.checks import check_int
from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.datasets.split_options import SplitOptions
from mtl_search.data.preparation.arrays import ArraysPreparation, ArrayView
from mtl_search.data.splits import DEFAULT_FRACTIONS
from mtl_search.data.types import Array
from mtl_search.errors import ConfigError
from mtl_search.source.collection import collection_paused

_DIGITS = tuple(map(str, range(10)))

# Attribute → the digits that have it.
_ATTRIBUTES = {
    "loop": (0, 6, 8, 9),
    "straight": (1, 4, 7),
    "odd": (1, 3, 5, 7, 9),
    "high": (5, 6, 7, 8, 9),
}


def digit_attributes(
    labelled: int | None = None,
    fractions: Sequence[float] | Mapping[str, float] = DEFAULT_FRACTIONS,
    seed: int = 0,
) -> DataSet:
    """Read 1,797 scanned digits: view `image`, targets `digit` and `attributes`.

    The view is (1797, 1, 8, 8) float32 in [0, 1]. `digit` has 10 classes. `attributes` are four
    labels: `loop` (the sign has a closed loop: 0, 6, 8, 9), `straight` (only straight strokes: 1,
    4, 7), `odd`, and `high` (5 or more). Splits are stratified by digit.

    Args:
        labelled: How many training scans keep the label of their digit, as many of each digit as
            possible; the others have none. All scans keep their attributes, and those to validate
            and to test on their digits, too. Default: all.
        fractions: The fractions of the scans for train, validation and test.
        seed: The seed of the split, and of the scans that keep their digit.

    Raises:
        ConfigError: There are fewer training scans than `labelled` says, or it names fewer than
            one of each digit.

    Examples:
        >>> data = digit_attributes(labelled=30)
        >>> digits = data.targets["digit"].values[data.splits["train"]]
        >>> len(digits), int((digits >= 0).sum()), data.targets["attributes"].classes
        (1078, 30, ('loop', 'straight', 'odd', 'high'))
    """
    options = SplitOptions.of(fractions=fractions, seed=seed)
    if labelled is not None:
        check_int(labelled, "data.labelled", low=len(_DIGITS))
    with collection_paused():  # takes a second, and only two data sets need it
        from sklearn.datasets import load_digits

    bunch = load_digits()
    digits = bunch.target.astype(np.int64)
    splits = options.rows(len(digits), digits)
    attributes = np.stack([np.isin(digits, having) for having in _ATTRIBUTES.values()], axis=1)
    if labelled is not None:
        digits = _hide_labels(digits, splits["train"], labelled, seed)
    preparation = ArraysPreparation({"image": ArrayView((1, 8, 8), "float64", scale=16.0)})
    return DataSet(
        preparation.transform({"image": bunch.images[:, None]}).inputs,
        {
            "digit": Target(digits, "class", _DIGITS),
            "attributes": Target(attributes.astype(np.int64), "multilabel", tuple(_ATTRIBUTES)),
        },
        splits,
        preparation=preparation,
    )


def _hide_labels(labels: Array, train: Array, kept: int, seed: int) -> Array:
    """Return the labels with all but `kept` of the training rows missing, evenly by class."""
    if kept > len(train):
        raise ConfigError(
            f"there are {len(train)} scans to train on", path="data.labelled", value=kept
        )
    rows = np.random.default_rng([seed, 1]).permutation(train)
    # The first scan of every class comes first, then the second of each, and so on.
    place_in_class = np.empty(len(rows), np.int64)
    for label in np.unique(labels):
        of_class = labels[rows] == label
        place_in_class[of_class] = np.arange(of_class.sum())
    hidden = rows[np.argsort(place_in_class, kind="stable")[kept:]]
    shown = labels.copy()
    shown[hidden] = -1
    return shown
