"""Skill: a metric on a scale from a constant prediction (0) to a perfect one (1).

    skill = (metric - trivial) / (perfect - trivial)

It is the skill score of forecast verification (A. H. Murphy 1988, "Skill scores based on the mean
square error and their relationships to the correlation coefficient") with the best constant
prediction of the training split as the reference forecast. R² is such a skill by itself: that of
the mean squared error. Unlike a gain in percent of another network's metric, it cannot explode
where that network has learnt next to nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

# The lowest skill. Errors have no upper end, so one network that diverged would rule any mean.
LOWEST = -1.0

# Two values whose distance is a smaller part of the larger one count as equal.
_EQUAL = 1e-9


@dataclass(frozen=True)
class SkillScale:
    """The two ends of a metric's scale.

    Attributes:
        trivial: The value of the best constant prediction.
        perfect: The value of a prediction without any error.

    Examples:
        >>> scale = SkillScale(trivial=0.5, perfect=1.0)
        >>> scale.skill(0.75), scale.factor
        (0.5, 2.0)
        >>> SkillScale(trivial=4.0, perfect=0.0).skill(100.0)
        -1.0
    """

    trivial: float
    perfect: float

    @property
    def has_range(self) -> bool:
        """Whether the ends are numbers and differ; without a range there is no skill."""
        if not (math.isfinite(self.trivial) and math.isfinite(self.perfect)):
            return False
        # Relative, since an error may be in any unit.
        return not math.isclose(self.trivial, self.perfect, rel_tol=_EQUAL, abs_tol=0.0)

    @property
    def factor(self) -> float:
        """The skill that a difference of 1 in the metric stands for; below 0 for an error."""
        return 1.0 / (self.perfect - self.trivial)

    def skill(self, value: float) -> float:
        """Return the skill of a value of the metric: 1 at most, never below -1.

        Args:
            value: A value of the metric. NaN and infinite values have the skill NaN.
        """
        if not math.isfinite(value):
            return math.nan
        return max(LOWEST, (value - self.trivial) * self.factor)
