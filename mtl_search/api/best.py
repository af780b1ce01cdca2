"""The best configuration of a sweep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Best:
    """The best configuration of a sweep.

    It is that of the recommended network: the better of the arms `equal` and `search` by the mean
    validation of fresh seeds. Before there are finalists it is the best trial by its validation
    objective.

    Attributes:
        trial: Id of the trial that had it first.
        arm: The trial's arm: `search`, `equal`, or `single/<task>` where there is nothing else.
        objective: That trial's objective on the validation split.
        metrics: `val/<task>/<metric>` and losses at the trial's best epoch.
        overrides: The changes to the sweep's config that give it: dotted path → value.
        weights: Task → loss weight.
        depth: Its sharing depth.
        lr: Its learning rate.
        parameters: Number of parameters of its network.
    """

    trial: str
    arm: str
    objective: float
    metrics: Mapping[str, float]
    overrides: Mapping[str, Any]
    weights: Mapping[str, float]
    depth: Any
    lr: float | None
    parameters: int

    def _repr_html_(self) -> str:
        """Return the settings for a notebook; `metrics` and `overrides` have the rest."""
        from mtl_search.report.notebook import settings_html

        shown = {**vars(self)}
        del shown["metrics"], shown["overrides"]
        return settings_html(**shown)
