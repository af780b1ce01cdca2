"""From intervals to one of four answers, and what would decide where the answer is open."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from mtl_search.analysis.statistics.difference import Difference

Answer = Literal["helps", "hurts", "practically equal", "don't know"]
Position = Literal["above", "below", "equal", "open"]

MOST_SEEDS = 1_000
MOST_ITEMS = 10_000_000

_GRID = 200  # numbers that are tried before the least one is looked for between two of them


@dataclass(frozen=True)
class Needed:
    """How many seeds or test items would decide a comparison, if all else stays as seen.

    Attributes:
        seeds: Least number of seeds on either side, with the test items of now; None where no
            number up to 1,000 decides.
        items: Least number of test items, with the seeds of now; None where no number up to ten
            millions decides, or scores of items are not known.
    """

    seeds: int | None
    items: int | None


def position(difference: Difference, margin: float, level: float = 0.95) -> Position:
    """Say where a difference lies: `equal`, `above` 0, `below` 0, or `open`.

    It is `equal` where the interval of level 1 − 2 (1 − `level`), 90 % for 95 %, lies within
    ±`margin`: both one-sided tests of Schuirmann (1987) reject. That comes first, so a difference
    too small to matter is equal even where it is significant. Else it is `above` or `below` where
    the interval of `level` leaves out 0. Without a spread over at least two seeds all is open.

    Args:
        difference: A difference of means.
        margin: Differences smaller than this do not matter, in the unit of the difference.
        level: Level of the interval that has to leave out 0.

    Examples:
        >>> position(Difference(0.02, 0.005, 8.0, seeds=(5, 5), items=0), margin=0.005)
        'above'
    """
    if not difference.has_spread:
        return "open"
    narrow, wide = difference.interval(2.0 * level - 1.0), difference.interval(level)
    assert narrow is not None
    assert wide is not None
    if -margin < narrow[0] and narrow[1] < margin:
        return "equal"
    if wide[0] > 0:
        return "above"
    return "below" if wide[1] < 0 else "open"


def decide(differences: Sequence[Difference], margin: float, level: float = 0.95) -> Answer:
    """Answer by a primary comparison and further ones that have to agree with it.

    The primary comparison is that with the tuned networks, say separate ones. A further one is with
    a twin, which differs from ours in nothing but the factor that is tested. By the `position` of
    both (rows: the first, columns: the twin):

    | first | above             | equal             | open              | below             |
    |-------|-------------------|-------------------|-------------------|-------------------|
    | above | helps             | practically equal | don't know        | don't know        |
    | equal | practically equal | practically equal | practically equal | practically equal |
    | open  | don't know        | practically equal | don't know        | don't know        |
    | below | don't know        | don't know        | don't know        | hurts             |

    Where the first is equal, there is nothing to gain or lose, whatever the factor does. Where the
    twin is equal, the factor does nothing, and what is gained over the tuned networks is the doing
    of other settings. Where the first is below, the twin cannot excuse it, so that is not equal;
    but the loss is the factor's only if the twin is ahead as well. Contradictions stay open.

    With several twins all have to agree for `helps` and `hurts`, and one that is equal suffices for
    `practically equal` if none is below. A single comparison answers for itself. With one seed on a
    side, or without spread, in any of them nothing is known.

    Args:
        differences: The primary comparison, then the others; positive is in favour of ours.
        margin: Differences smaller than this do not matter, in the unit of the differences.
        level: Level of the intervals; of each look, where there are several (`nominal_level`).

    Examples:
        >>> gain = Difference(0.02, 0.005, 8.0, seeds=(5, 5), items=0)
        >>> small = Difference(0.001, 0.001, 8.0, seeds=(5, 5), items=0)
        >>> decide([gain, gain], margin=0.005), decide([gain, small], margin=0.005)
        ('helps', 'practically equal')
    """
    assert differences
    if not all(difference.has_spread for difference in differences):
        return "don't know"
    first, *others = (position(difference, margin, level) for difference in differences)
    if first == "equal":
        return "practically equal"
    if first == "below":
        return "hurts" if all(other == "below" for other in others) else "don't know"
    if "below" in others:
        return "don't know"
    if "equal" in others:
        return "practically equal"
    helps = first == "above" and all(other == "above" for other in others)
    return "helps" if helps else "don't know"


def needed(difference: Difference, margin: float, level: float = 0.95) -> Needed:
    """Return the least number of seeds, or of test items, that would decide a difference.

    Decided means not `open` by its `position`, were mean and parts of the variance as they are
    seen. It is a plan, not a promise: the mean will move.

    Args:
        difference: A difference of means.
        margin: Differences smaller than this do not matter, in the unit of the difference.
        level: Level of the intervals.

    Examples:
        >>> now = Difference(0.02, 0.016, 8.0, seeds=(5, 5), items=0, seed_variance=0.000256)
        >>> needed(now, margin=0.005)
        Needed(seeds=14, items=None)
    """
    if not difference.has_spread:
        return Needed(None, None)

    def decided(resized: Difference) -> bool:
        return position(resized, margin, level) != "open"

    seeds = _least(lambda seeds: decided(difference.resized(seeds=seeds)), MOST_SEEDS)
    if not difference.items:
        return Needed(seeds, None)
    return Needed(seeds, _least(lambda items: decided(difference.resized(items=items)), MOST_ITEMS))


def could_decide(difference: Difference, margin: float, level: float, seeds: int) -> bool:
    """Say whether more seeds could decide a difference that is open.

    That is so where the interval that is predicted for `seeds` seeds decides for at least one mean
    within a standard error of the present one.

    Args:
        difference: A difference of means. With one seed nothing is known of it, so more could
            decide; without spread more would only be the same.
        margin: Differences smaller than this do not matter, in the unit of the difference.
        level: Level of the intervals.
        seeds: Number of seeds on either side that there could be.

    Examples:
        >>> now = Difference(0.02, 0.016, 8.0, seeds=(5, 5), items=0, seed_variance=0.000256)
        >>> could_decide(now, margin=0.005, level=0.95, seeds=10)
        True
    """
    if difference.standard_error is None:
        return seeds > 1
    if not difference.has_spread:
        return False
    resized = difference.resized(seeds=seeds)
    narrow, wide = resized.interval(2.0 * level - 1.0), resized.interval(level)
    assert narrow is not None
    assert wide is not None
    moves = difference.standard_error
    closest = max(abs(difference.mean) - moves, 0.0)  # the mean that is nearest to 0
    equal = closest + (narrow[1] - resized.mean) < margin
    return equal or wide[0] + moves > 0 or wide[1] - moves < 0


def _least(decides: Callable[[int], bool], most: int) -> int | None:
    """Return the least number from 2 to `most` that decides.

    More items do not always narrow an interval: they may leave the few degrees of freedom of the
    seeds. So a grid is tried first, and only the last step is by halves.
    """
    before = 1
    for number in np.unique(np.geomspace(2, most, _GRID).round().astype(int)).tolist():
        if decides(number):
            return _first_between(decides, before, number)
        before = number
    return None


def _first_between(decides: Callable[[int], bool], before: int, number: int) -> int:
    """Halve the way from a number that does not decide to one that does."""
    while number - before > 1:
        middle = (before + number) // 2
        if decides(middle):
            number = middle
        else:
            before = middle
    return number
