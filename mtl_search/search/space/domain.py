"""The values that one entry of a search space, or one suggestion of a function, may have."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from numpy.random import Generator

from mtl_search.config import SpaceEntry


@dataclass(frozen=True)
class Domain:
    """Describe a range with both ends, or choices.

    Attributes:
        low: The smallest value of a range.
        high: The largest value of a range.
        step: Distance between two values of a range; None: any value in it.
        log: Whether values of a range are drawn uniformly on a logarithmic scale.
        whole: Whether values of a range are whole numbers.
        choices: The choices; None for a range.

    Examples:
        >>> Domain(0.5, 2.0).nearest(3.0)
        2.0
        >>> Domain(choices=[0.1, 1, 10]).nearest(2.0)
        1
    """

    low: float = 0.0
    high: float = 0.0
    step: float | None = None
    log: bool = False
    whole: bool = False
    choices: Sequence[Any] | None = None

    @classmethod
    def of(cls, entry: SpaceEntry) -> Domain:
        """Return the domain of an entry of `search.space`."""
        if entry.choice is not None:
            return cls(choices=entry.choice)
        if entry.log_ratio is not None:
            return cls(1 / entry.log_ratio, entry.log_ratio, log=True)
        if entry.log is not None:
            return cls(*entry.log, log=True)
        if entry.int_ is not None:
            return cls(*entry.int_, whole=True)
        assert entry.float_ is not None, "an entry has exactly one kind"
        return cls(*entry.float_)

    def nearest(self, value: float) -> Any:
        """Return the value nearest to this one; the first choice where none is a number."""
        if self.choices is not None:
            numbers = [choice for choice in self.choices if isinstance(choice, int | float)]
            return min(numbers, key=lambda choice: abs(choice - value), default=self.choices[0])
        inside = min(max(value, self.low), self.high)
        if self.step is not None:
            steps = round((inside - self.low) / self.step)
            inside = min(self.low + steps * self.step, self.high)
        return round(inside) if self.whole else float(inside)

    def draw(self, random: Generator) -> Any:
        """Draw a value of a range without steps."""
        assert self.choices is None
        assert self.step is None
        if self.whole:
            return int(random.integers(int(self.low), int(self.high), endpoint=True))
        if self.log:
            return self.nearest(math.exp(random.uniform(math.log(self.low), math.log(self.high))))
        return float(random.uniform(self.low, self.high))
