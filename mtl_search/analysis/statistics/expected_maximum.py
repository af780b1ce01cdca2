"""How good the best trial is to be expected after so many trials."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def expected_maximum(values: ArrayLike) -> NDArray[np.float64]:
    """Return the expected best of k trials, k = 1 to N, of a search that has tried N at random.

    The mean of the maximum over all subsets of k of the N values, Σ v_(i) C(i−1, k−1)/C(N, k) with
    v_(1) ≤ ... ≤ v_(N): without the bias of the curve of Dodge et al. (2019), which draws with
    replacement. It is about trials in random order; those of a sampler that learns are not.

    Args:
        values: Value of each of N ≥ 1 trials, higher is better, all finite.

    Returns:
        (N,) expectations: the first is the mean of the values, the last their maximum.

    Examples:
        >>> expected_maximum([3.0, 1.0, 2.0]).round(2).tolist()
        [2.0, 2.67, 3.0]
    """
    sorted_N = np.sort(np.asarray(values, dtype=np.float64))
    count = len(sorted_N)
    steps, below = np.diff(sorted_N), np.arange(1, count)
    # P(all k are among the lowest i) = C(i, k)/C(N, k), from k to k + 1 times (i − k)/(N − k).
    inside = np.ones(count - 1)
    best = np.empty(count)
    for k in range(count):
        inside = inside * np.maximum(below - k, 0) / (count - k)
        best[k] = sorted_N[-1] - steps @ inside
    return best
