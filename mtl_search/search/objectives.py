"""What trials are judged by: the single-task references, and the objective of each arm.

Objectives are always worked out from the metrics in the journal, so that a reference that changes (more single-task
trials after an extension) changes every Δm with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from mtl_search.analysis.references import reference_trial
from mtl_search.config import Config
from mtl_search.data import DataSet
from mtl_search.errors import ConfigError, SweepError, TrialError
from mtl_search.metrics.objective import Objective, ObjectiveFunction
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.registry import import_attribute
from mtl_search.storage.events import ObjectivesRecomputed
from mtl_search.storage.journal import Journal
from mtl_search.storage.records import SINGLE, EpochRecord, SweepRecord, TrialRecord, base_arm
from mtl_search.training.evaluator import metric_names


def recompute_objectives(journal: Journal, referee: ArmObjectives) -> None:
    """Write down what trials are worth by the reference that holds now, where an earlier session had another one.

    From then on every reader of the journal compares all trials by one measure.
    """
    for trial in list(journal.record):
        now = referee.best_so_far_by_epoch(trial)
        changed = [
            (e.epoch, now[e.epoch])
            for e in trial.epochs
            if now.get(e.epoch, e.best_objective) != e.best_objective
        ]
        if changed:
            journal.write(ObjectivesRecomputed(id=trial.id, objectives=changed))


class ArmObjectives:
    """Judges the trials of a sweep.

    Args:
        record: All trials.
        metrics: Main task → names of its metrics, the first selects.
        kind: `search.objective` of the config: `delta_m` or the key of a metric.
        has_singles: Whether the sweep has single-task arms.
        deviations: Standard deviation of the training labels of tasks whose metrics have units.
        function: A function of the user's in place of `kind`; single-task arms keep their own metric.
    """

    def __init__(
        self,
        record: SweepRecord,
        metrics: Mapping[str, tuple[str, ...]],
        *,
        kind: str = "delta_m",
        has_singles: bool = True,
        deviations: Mapping[str, float] | None = None,
        function: ObjectiveFunction | None = None,
    ) -> None:
        self.record = record
        self.metrics = metrics
        self.deviations = deviations
        self.function = function
        self.kind = "normalised" if kind == "delta_m" and not has_singles else kind
        self.has_singles = has_singles

    def reference(self) -> dict[str, float]:
        """`val/<task>/<metric>` of the best single-task trials, at their best epochs.

        Raises:
            SweepError: A single-task arm has no trial that trained; the message has the reasons.
        """
        values: dict[str, float] = {}
        for task, names in self.metrics.items():
            trial = reference_trial(self.record, task)
            if trial is None or trial.best is None:
                reasons = {t.reason for t in self.record.arm(f"{SINGLE}{task}") if t.reason}
                raise SweepError(
                    f"no trial of arm {SINGLE}{task} got to the end of an epoch, so there is no reference for Δm"
                    + "".join(f"\n  {reason}" for reason in sorted(reasons)[:3])
                )
            for key in (f"val/{task}/{name}" for name in names):
                if key not in trial.best.metrics:
                    raise SweepError(
                        f"{key} is undefined at the best epoch of {trial.id}, so there is no reference for Δm"
                        f"\n  (a metric such as auroc needs labels of both outcomes; tasks.{task}.metrics names others)"
                    )
                values[key] = trial.best.metrics[key]
        return values

    def objective(self, arm: str) -> Objective:
        """What the trials of an arm are told to maximise (in front of any function of the user's)."""
        arm = base_arm(arm)
        if arm.startswith(SINGLE):
            task = arm.removeprefix(SINGLE)
            return Objective({task: self.metrics[task]}, "primary")
        reference = self.reference() if self.kind == "delta_m" else None
        return Objective(dict(self.metrics), self.kind, reference, self.deviations)

    def best_so_far_by_epoch(self, trial: TrialRecord) -> dict[int, float]:
        """Epoch → objective by the reference that holds now, best so far, in the order of the epochs."""
        best, values = float("-inf"), {}
        for epoch, value in self._judged(trial):
            best = max(best, value)
            values[epoch.epoch] = best
        return values

    def objective_at(self, trial: TrialRecord, epoch: int) -> float:
        """The objective of this very epoch, by the reference that holds now; minus infinity where it has none."""
        return next(
            (value for judged, value in self._judged(trial) if judged.epoch == epoch), -math.inf
        )

    def best(self, trial: TrialRecord) -> tuple[EpochRecord, float] | None:
        """The best epoch of a trial with its objective, by the reference that holds now."""
        return max(self._judged(trial), key=lambda pair: (pair[1], -pair[0].epoch), default=None)

    def _judged(self, trial: TrialRecord) -> list[tuple[EpochRecord, float]]:
        if not trial.epochs:
            return []
        judge: ObjectiveFunction = self.objective(trial.arm)
        if self.function is not None and not base_arm(trial.arm).startswith(SINGLE):
            judge = self.function
        pairs = []
        for epoch in trial.epochs:
            try:
                value = float(judge(epoch.metrics))
            except (
                TrialError,
                KeyError,
            ):  # a metric that was undefined in that epoch; the trial failed there
                continue
            if math.isfinite(value):
                pairs.append((epoch, value))
        return pairs


def objective_function(config: Config) -> ObjectiveFunction | None:
    """The user's function that `search.objective` names as `module:attribute`, if it does.

    Raises:
        ConfigError: There is no such function.
    """
    name = config.search.objective
    if ":" not in name:
        return None
    function: ObjectiveFunction = import_attribute(name, "search.objective")
    if not callable(function):
        what = f"a function of the metrics is needed, and this is a {type(function).__name__}"
        raise ConfigError(what, path="search.objective", value=name)
    return function


def task_metrics(config: Config, network: MultiTaskNetwork) -> dict[str, tuple[str, ...]]:
    """Main task → names of its metrics, the head's first where the config names none."""
    names = metric_names(config, network)
    return {task: names[task] for task in config.main_tasks}


def deviations(config: Config, data: DataSet) -> dict[str, float]:
    """Standard deviation of the training labels of tasks with a real target."""
    found = {}
    for name, task in config.tasks.items():
        target = data.targets[task.target or name]
        if target.kind == "real":
            labels = target.values[data.splits["train"]]
            found[name] = float(np.std(labels[~np.isnan(labels)])) or 1.0
    return found
