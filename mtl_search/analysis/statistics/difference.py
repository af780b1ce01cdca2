"""The difference of two means, how sure it is, and what it would be with more seeds or items."""

from __future__ import annotations

from dataclasses import dataclass, replace

from scipy import special

SAME = 1e-12  # numbers this close are the same but for rounding


@dataclass(frozen=True)
class Difference:
    """The mean of ours minus the mean of theirs, with its standard error.

    The variance of the mean is `standard_error` ** 2 = `seed_variance` + `item_variance`. Methods
    such as `crossed_difference` make it.

    Attributes:
        mean: Mean of ours minus mean of theirs.
        standard_error: Standard error of the mean; None where nothing can be said of it, with fewer
            than two seeds on either side.
        degrees_of_freedom: Degrees of freedom of Student's t; None without a standard error.
        seeds: Number of our seeds and of theirs.
        items: Number of test items that all runs share; 0 where only a value a seed is known.
        seed_variance: Part of the variance that falls as 1 / seeds; 0 without a standard error.
        item_variance: Part of the variance that stays, however many seeds there are for these
            items, and `interaction_variance` beside it. It falls as 1 / items.
        interaction_variance: Part of `item_variance` that falls with the seeds, too: what single
            seeds do to single items.

    Examples:
        >>> difference = Difference(0.02, 0.005, 8.0, seeds=(5, 5), items=0, seed_variance=2.5e-5)
        >>> [round(end, 4) for end in difference.interval()]
        [0.0085, 0.0315]
        >>> round(difference.p_value(), 4)
        0.0039
    """

    mean: float
    standard_error: float | None
    degrees_of_freedom: float | None
    seeds: tuple[int, int]
    items: int
    seed_variance: float = 0.0
    item_variance: float = 0.0
    interaction_variance: float = 0.0

    @property
    def has_spread(self) -> bool:
        """Whether the values differ by more than rounding, so that there is a spread to judge by.

        Runs that all gave the same numbers have an interval without width, which says nothing.
        """
        return self.standard_error is not None and self.standard_error > SAME

    def interval(self, level: float = 0.95) -> tuple[float, float] | None:
        """Return both ends of Student's t interval; None without a standard error.

        Args:
            level: The share of such intervals that cover the true difference.
        """
        if self.standard_error is None or self.degrees_of_freedom is None:
            return None
        quantile = float(special.stdtrit(self.degrees_of_freedom, (1.0 + level) / 2.0))
        half_width = quantile * self.standard_error
        return self.mean - half_width, self.mean + half_width

    def p_value(self) -> float | None:
        """Return the p-value of the two-sided t test against 0; None where there is no spread."""
        if not self.has_spread:
            return None
        assert self.standard_error is not None
        return float(
            2.0 * special.stdtr(self.degrees_of_freedom, -abs(self.mean) / self.standard_error)
        )

    def scaled(self, factor: float) -> Difference:
        """Return the difference of all values times a factor, such as 100 for percent.

        Examples:
            >>> Difference(0.25, 0.5, 8.0, seeds=(5, 5), items=0, seed_variance=0.25).scaled(-2)
            Difference(mean=-0.5, standard_error=1.0, degrees_of_freedom=8.0, seeds=(5, 5), items=0,
                seed_variance=1.0, item_variance=0.0, interaction_variance=0.0)
        """
        error = self.standard_error
        return replace(
            self,
            mean=self.mean * factor,
            standard_error=None if error is None else error * abs(factor),
            seed_variance=self.seed_variance * factor**2,
            item_variance=self.item_variance * factor**2,
            interaction_variance=self.interaction_variance * factor**2,
        )

    def resized(self, *, seeds: int | None = None, items: int | None = None) -> Difference:
        """Predict the difference with other numbers of seeds or items, all else as seen.

        The mean stays; each part of the variance falls as its numbers grow. The degrees of freedom
        follow from Satterthwaite's formula, taken apart into what seeds add and what items add.

        Args:
            seeds: Number of seeds on either side, at least 2; None leaves the seeds as they are.
            items: Number of items, at least 2; None leaves the items as they are.

        Examples:
            >>> now = Difference(0.02, 0.25, 8.0, seeds=(5, 5), items=0, seed_variance=0.0625)
            >>> more = now.resized(seeds=20)
            >>> more.standard_error, more.degrees_of_freedom
            (0.125, 38.0)
        """
        assert self.standard_error is not None
        assert items is None or self.items > 1, "only seeds are known"
        new_seeds = self.seeds if seeds is None else (seeds, seeds)
        new_items = self.items if items is None else items
        times_seeds = _balanced(new_seeds) / _balanced(self.seeds)
        times_items = new_items / self.items if self.items else 1.0
        seed_variance = self.seed_variance / times_seeds
        interaction = self.interaction_variance / times_seeds / times_items
        main = (self.item_variance - self.interaction_variance) / times_items
        resized = replace(
            self,
            standard_error=(seed_variance + main + interaction) ** 0.5,
            seeds=new_seeds,
            items=new_items,
            seed_variance=seed_variance,
            item_variance=main + interaction,
            interaction_variance=interaction,
        )
        return replace(resized, degrees_of_freedom=self._degrees_of(resized))

    def _degrees_of(self, resized: Difference) -> float:
        """Return V² / Σ (part² / its degrees of freedom) for the parts of another size."""
        assert self.standard_error is not None
        assert self.degrees_of_freedom is not None
        assert resized.standard_error is not None
        seeds, new_seeds = _balanced(self.seeds), _balanced(resized.seeds)
        more_degrees = (new_seeds - 1) / (seeds - 1)
        if self.items < 2:
            return self.degrees_of_freedom * more_degrees
        now = self.standard_error**4 / self.degrees_of_freedom
        of_seeds = max(now - self.item_variance**2 / (self.items - 1), 0.0)
        of_seeds /= (new_seeds / seeds) ** 2 * more_degrees
        of_items = resized.item_variance**2 / (resized.items - 1)
        least = min(*resized.seeds, resized.items) - 1.0
        return max(resized.standard_error**4 / (of_seeds + of_items), least)


def _balanced(seeds: tuple[int, int]) -> float:
    """Return how many seeds on either side would be worth as much: the harmonic mean."""
    return 2.0 / (1.0 / seeds[0] + 1.0 / seeds[1])
