"""The charts of a sweep's run: how many trials have ended, and the best objective of each arm."""

from __future__ import annotations

import math
from collections.abc import Sequence

from mtl_search.storage.events import ObjectivesRecomputed, TrialEnded
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.tracking.mapping import MetricPoint, clean_name, milliseconds

# Name of a metric: the number of trials that have ended. It comes last of each trial's points, so
# what belongs to earlier trials has arrived.
ENDED = "trials_ended"


class ProgressChart:
    """Points of a sweep's run, one or two at the end of each trial.

    Attributes:
        arrived: Number of ended trials whose points MLflow has.
    """

    def __init__(self) -> None:
        self.arrived = 0
        self._ended = 0
        self._objectives: dict[str, dict[str, float]] = {}  # arm → trial → best objective
        self._arms: dict[str, str] = {}
        self._best: dict[str, float] = {}

    def points(self, trial: TrialRecord, event: TrialEnded) -> list[MetricPoint]:
        """Return the best objective of its arm so far, and the number of ended trials, last.

        Args:
            trial: The trial that has ended.
            event: Its end.
        """
        self._ended += 1
        time = milliseconds(event.time)
        points = []
        if trial.best_objective > -math.inf:
            self._objectives.setdefault(trial.arm, {})[trial.id] = trial.best_objective
            self._arms[trial.id] = trial.arm
            best = max(self._best.get(trial.arm, -math.inf), trial.best_objective)
            self._best[trial.arm] = best
            name = clean_name(f"objective/{trial.arm}")
            points.append(MetricPoint(name, best, time, self._ended))
        return [*points, MetricPoint(ENDED, float(self._ended), time, self._ended)]

    def recompute(self, event: ObjectivesRecomputed) -> None:
        """Take in that a trial has another objective than it had."""
        arm = self._arms.get(event.id)
        if arm is not None and event.objectives:
            self._objectives[arm][event.id] = max(value for _, value in event.objectives)
            self._best[arm] = max(self._objectives[arm].values())

    def missing(self, points: Sequence[MetricPoint]) -> list[MetricPoint]:
        """Return the points that MLflow does not have."""
        return [point for point in points if point.step > self.arrived]
