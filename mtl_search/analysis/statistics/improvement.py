"""How often one training of ours is better than one of theirs.

Shapes: S seeds of one side, N test items, which are the same for all runs.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from mtl_search.analysis.statistics.difference import SAME


def probability_of_improvement(ours_SN: ArrayLike, theirs_SN: ArrayLike) -> float:
    """Return P(ours > theirs) for one run of either side, on test items drawn anew.

    The mean over all pairs of seeds of Φ(d/σ), where d is the mean over items of the difference of
    both runs, and σ its standard error over items: the share of resampled test splits on which ours
    is ahead. Pairs without a difference count as half. It tells what one training is worth, and
    does not tend to 0 or 1 with more seeds. Bouthillier et al. (2021) call an improvement
    meaningful above .75.

    Args:
        ours_SN: Score of each of our seeds on each item.
        theirs_SN: Score of each of their seeds on the same items, in the same order. The numbers of
            seeds may differ.

    Examples:
        >>> ours, theirs = [[1, 1, 0, 1], [1, 0, 1, 1]], [[0, 0, 0, 1], [1, 0, 1, 1]]
        >>> round(probability_of_improvement(ours, theirs), 3)
        0.729
    """
    ours = np.asarray(ours_SN, dtype=np.float64)
    theirs = np.asarray(theirs_SN, dtype=np.float64)
    assert ours.ndim == theirs.ndim == 2
    # Run by run: all pairs × items at once may not fit into memory.
    return float(np.mean([_against_each(our_N, theirs) for our_N in ours]))


def probability_over_seeds(ours_S: ArrayLike, theirs_S: ArrayLike) -> float:
    """Return P(ours > theirs) over pairs of seeds, on the same test items; ties count as half.

    It is the statistic of Mann and Whitney (1947) divided by the number of pairs.

    Args:
        ours_S: One value for each of our seeds.
        theirs_S: One value for each of their seeds.

    Examples:
        >>> probability_over_seeds([0.5, 0.75], [0.25, 0.5])
        0.875
    """
    ours = np.asarray(ours_S, dtype=np.float64)
    theirs = np.asarray(theirs_S, dtype=np.float64)
    difference = ours[:, None] - theirs
    difference[np.abs(difference) < SAME] = 0.0
    return float((np.sign(difference) / 2 + 0.5).mean())


def _against_each(our_N: np.ndarray, theirs_SN: np.ndarray) -> float:
    """Return the mean over their runs of P(our run > their run)."""
    difference_SN = our_N - theirs_SN
    mean_S, items = difference_SN.mean(axis=1), difference_SN.shape[1]
    error_S = np.zeros_like(mean_S)
    if items > 1:
        error_S = difference_SN.std(axis=1, ddof=1) / items**0.5
    # Runs that differ by the same on every item: no new items would turn that round.
    certain_S = np.where(np.abs(mean_S) < SAME, 0.5, mean_S > 0)
    uncertain_S = special.ndtr(mean_S / np.where(error_S > SAME, error_S, 1.0))
    return float(np.where(error_S > SAME, uncertain_S, certain_S).mean())
