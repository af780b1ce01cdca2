"""The trials that share, and what they are compared by: skill, Δm, or else the objective."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.view import Column
from mtl_search.storage.arm_name import SHARED, ArmName
from mtl_search.storage.trial_record import TrialRecord

Item = TypeVar("Item")


@dataclass(frozen=True)
class Worth:
    """What trials are compared by on the validation split.

    Attributes:
        name: `skill`, `delta_m` or `objective`: a column of the leaderboard.
    """

    name: str

    @property
    def column(self) -> Column:
        """Its column in a table."""
        if self.name == "skill":
            text = "Mean skill of the main tasks on the validation split, from 0 to 1."
            return Column("skill", "skill", "skill", text)
        if self.name == "delta_m":
            text = "Mean relative gain over the single-task networks on the validation split, in %."
            return Column("delta_m", "Δm %", "percent", text)
        text = "The objective of the sweep on the validation split; higher is better."
        return Column("objective", "objective", "number", text)

    @property
    def word(self) -> str:
        """Its name within a sentence."""
        return {"delta_m": "Δm"}.get(self.name, self.name)

    def write(self, value: float) -> str:
        """Write a value of it, with its unit.

        Args:
            value: The value.
        """
        text = formats.of_kind(self.column.kind, value)
        return f"{text} %" if self.name == "delta_m" else text


def worth_of(evidence: Evidence) -> Worth:
    """Return what the trials of a sweep are compared by.

    It is the measure of the verdict, or of the config before there is a verdict; where no trial has
    it, the objective.
    """
    name: str = evidence.verdict.measure
    if not evidence.verdict.winners and evidence.config.search.objective == "delta_m":
        name = "delta_m"
    trials = evidence.record.trials
    known = (
        math.isfinite(row[name])
        for row in evidence.rows
        if not ArmName(row["arm"]).is_repeat and trials[row["trial"]].is_result
    )
    return Worth(name if any(known) else "objective")


def shared_rows(evidence: Evidence, worth: Worth) -> list[dict[str, Any]]:
    """Return the leaderboard's rows of the trials of `equal` and `search` that are results.

    Trials that failed, members of populations, and those whose worth is not known are left out.

    Args:
        evidence: What is known of the sweep.
        worth: What they are compared by.
    """
    trials = evidence.record.trials
    return [
        row
        for row in evidence.rows
        if row["arm"] in SHARED
        and trials[row["trial"]].is_result
        and math.isfinite(row[worth.name])
    ]


def results(evidence: Evidence, arm: ArmName) -> list[TrialRecord]:
    """Return the trials of an arm that tell what their settings are worth, by number."""
    return [trial for trial in evidence.record.arm(arm) if trial.is_result]


def thinned(items: Sequence[Item], most: int) -> list[Item]:
    """Return at most so many items, spread evenly, the first and the last among them.

    Args:
        items: The items.
        most: Number of items that are kept, at least 2.

    Examples:
        >>> thinned(range(10), 4)
        [0, 3, 6, 9]
    """
    count = len(items)
    if count <= most:
        return list(items)
    return [items[round(place * (count - 1) / (most - 1))] for place in range(most)]
