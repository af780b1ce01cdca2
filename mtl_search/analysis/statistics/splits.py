"""The answer for new data sets: a difference over random partitions of the data at hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from mtl_search.analysis.statistics.difference import Difference


def split_difference(differences_J: ArrayLike, train_size: int, test_size: int) -> Difference:
    """Judge the mean difference over J random partitions into training and test items.

    Partitions of the same data overlap, so their differences are alike and s²/J is far too small.
    Nadeau and Bengio (2003) correct it to V = (1/J + n_test/n_train) s² with J − 1 degrees of
    freedom. The second part does not shrink with more partitions, it needs more data.

    Args:
        differences_J: Ours minus theirs on the test items of each partition, both trained on its
            training items.
        train_size: Number of training items of a partition.
        test_size: Number of test items of a partition.

    Returns:
        The difference, with J as the number of seeds of either side. `items` is 0, for more test
        items of a data set of the same size would leave fewer to train on.

    Examples:
        >>> difference = split_difference([0.0, 1.0, 2.0, 1.0], train_size=300, test_size=100)
        >>> difference.mean, difference.degrees_of_freedom
        (1.0, 3.0)
        >>> round(difference.standard_error, 3)
        0.624
    """
    differences = np.asarray(differences_J, dtype=np.float64)
    assert differences.ndim == 1
    assert train_size > 0
    partitions = len(differences)
    mean = float(differences.mean())
    if partitions < 2:
        return Difference(mean, None, None, (partitions, partitions), items=0)
    spread = float(differences.var(ddof=1))
    overlap = spread * test_size / train_size
    return Difference(
        mean=mean,
        standard_error=(spread / partitions + overlap) ** 0.5,
        degrees_of_freedom=float(partitions - 1),
        seeds=(partitions, partitions),
        items=0,
        seed_variance=spread / partitions,
        item_variance=overlap,
    )
