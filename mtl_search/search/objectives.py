"""The numbers that trials are compared by: single-task references and the objective of each arm.

The skill needs no reference, only the scales of the metrics, which are the data's. Δm needs one.

Objectives are always worked out from the metrics in the journal, so that a reference that changes
(more single-task trials after an extension) changes every Δm with it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from itertools import accumulate

from mtl_search.analysis.references import reference_trial
from mtl_search.config import Config
from mtl_search.errors import ConfigError, SweepError, TrialError
from mtl_search.metrics.definitions import Directions
from mtl_search.metrics.metric_key import metric_key, scale_key
from mtl_search.metrics.objective import Objective, ObjectiveFunction
from mtl_search.registry import import_attribute
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.events import ObjectivesRecomputed
from mtl_search.storage.journal import Journal
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord


def recompute_objectives(journal: Journal, objectives: ArmObjectives) -> None:
    """Write down the objectives of epochs that an earlier session had by another reference.

    From then on every reader of the journal compares all trials by one measure.

    Args:
        journal: The sweep's journal.
        objectives: The objectives by the reference that holds now.
    """
    for trial in list(journal.record):
        current = objectives.best_so_far_by_epoch(trial)
        changed = []
        for epoch in trial.epochs:
            value = current.get(epoch.epoch, epoch.best_objective)
            if value != epoch.best_objective:
                changed.append((epoch.epoch, value))
        if changed:
            journal.write(ObjectivesRecomputed(id=trial.id, objectives=changed))


class ArmObjectives:
    """Work out the objectives of the trials of a sweep.

    Args:
        record: The record of all trials.
        metrics: Main task → names of its metrics, the first selects.
        kind: `search.objective` of the config: `skill`, `delta_m` or the key of a metric.
        has_singles: Whether the sweep has single-task arms; without them Δm has no reference, and
            skill takes its place.
        scales: `<task>/<metric>` → trivial and perfect value.
        importance: Task → how much it counts; 1 where left out.
        directions: The metrics of the user's, with their direction.
        function: A function of the user's in place of `kind`; single-task arms keep their own
            metric.
    """

    def __init__(
        self,
        record: SweepRecord,
        metrics: Mapping[str, tuple[str, ...]],
        *,
        kind: str = "delta_m",
        has_singles: bool = True,
        scales: Mapping[str, tuple[float, float]] | None = None,
        importance: Mapping[str, float] | None = None,
        directions: Directions | None = None,
        function: ObjectiveFunction | None = None,
    ) -> None:
        self._record = record
        self._metrics = metrics
        self._scales = dict(scales or {})
        self._importance = importance
        self._directions = directions
        self._function = function
        self._kind = "skill" if kind == "delta_m" and not has_singles else kind

    @property
    def needs_reference(self) -> bool:
        """Whether the objective of shared networks depends on the single-task arms."""
        return self._kind == "delta_m"

    def before_offers(self) -> ArmObjectives:
        """Return the objectives by the references that hold without offered trials."""
        trials = {
            name: trial for name, trial in self._record.trials.items() if not trial.is_offered
        }
        return ArmObjectives(
            replace(self._record, trials=trials),
            self._metrics,
            kind=self._kind,
            scales=self._scales,
            importance=self._importance,
            directions=self._directions,
            function=self._function,
        )

    def reference(self) -> dict[str, float]:
        """Return `val/<task>/<metric>` of the best single-task trials, at their best epochs.

        Raises:
            SweepError: A single-task arm has no trial that trained; the message has the reasons.
        """
        values: dict[str, float] = {}
        for task, names in self._counted().items():
            arm = ArmName.single(task)
            trial = reference_trial(self._record, task)
            if trial is None or trial.best is None:
                reasons = {trial.reason for trial in self._record.arm(arm) if trial.reason}
                raise SweepError(
                    f"no trial of arm {arm} got to the end of an epoch, "
                    "so there is no reference for Δm"
                    + "".join(f"\n  {reason}" for reason in sorted(reasons)[:3])
                )
            for key in (f"val/{task}/{name}" for name in names):
                if key not in trial.best.metrics:
                    raise SweepError(
                        f"{key} is undefined at the best epoch of {trial.id}, "
                        "so there is no reference for Δm\n  (a metric such as auroc needs labels "
                        f"of both outcomes; tasks.{task}.metrics names others)"
                    )
                values[key] = trial.best.metrics[key]
        return values

    def objective(self, arm: str) -> Objective:
        """Return the objective that the trials of an arm maximise, without the user's function.

        Args:
            arm: Name of the arm.

        Raises:
            SweepError: There is no reference for Δm.
        """
        name = ArmName(arm)
        if name.is_single:
            return self._single_task_objective(str(name.task))
        if self._kind == "delta_m":
            counted = _without(name, self._counted())
            return Objective(
                counted,
                self._kind,
                self.reference(),
                self._scales,
                self._importance,
                self._directions,
            )
        metrics = _without(name, self._metrics)
        return Objective(
            metrics, self._kind, None, self._scales, self._importance, self._directions
        )

    def _counted(self) -> dict[str, tuple[str, ...]]:
        """Return the tasks with the metrics that the labels leave defined, which have a scale."""
        if not self._scales:
            return dict(self._metrics)
        defined = {
            task: tuple(name for name in names if scale_key(task, name) in self._scales)
            for task, names in self._metrics.items()
        }
        return {task: names for task, names in defined.items() if names}

    def _single_task_objective(self, task: str) -> Objective:
        """Return the objective of a network for one task; by its skill it is on the same scale."""
        metrics = {task: self._metrics[task]}
        key = scale_key(task, metrics[task][0])
        by_skill = self._kind == "skill" and self._function is None
        if key not in self._scales and (self._scales or by_skill):
            # The metric is undefined on one of the splits.
            return Objective(metrics, metric_key("val", task, "loss"))
        if not by_skill:
            return Objective(metrics, "primary", directions=self._directions)
        return Objective(metrics, "skill", scales={key: self._scales[key]})

    def by_epoch(self, trial: TrialRecord) -> dict[int, float]:
        """Return epoch → objective of this very epoch, by the reference that holds now.

        Epochs without an objective are left out.

        Args:
            trial: A trial of the sweep.
        """
        if not trial.epochs:
            return {}
        function: ObjectiveFunction = self.objective(trial.arm)
        if self._function is not None and not ArmName(trial.arm).is_single:
            function = self._function
        values = {}
        for epoch in trial.epochs:
            try:
                value = float(function(epoch.metrics))
            except (TrialError, KeyError):
                continue  # a metric was undefined in that epoch; the trial failed there
            if math.isfinite(value):
                values[epoch.epoch] = value
        return values

    def best_so_far_by_epoch(self, trial: TrialRecord) -> dict[int, float]:
        """Return epoch → best objective so far, in the order of the epochs."""
        values = self.by_epoch(trial)
        return dict(zip(values, accumulate(values.values(), max), strict=True))

    def best(self, trial: TrialRecord) -> float | None:
        """Return the best objective of a trial; None where no epoch has one."""
        return max(self.by_epoch(trial).values(), default=None)


def _without(arm: ArmName, metrics: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    """Return the metrics of the tasks that the networks of an arm have."""
    left_out = arm.task if arm.is_ablation else None
    return {task: names for task, names in metrics.items() if task != left_out}


def check_leave_one_out(config: Config, *, custom: bool) -> None:
    """Refuse to leave main tasks out where the objective needs all of them.

    Args:
        config: The sweep's config.
        custom: Whether a function of the user's is the objective.

    Raises:
        ConfigError: The objective is neither `skill` nor `delta_m`.
    """
    if not config.search.finalists.leave_one_out:
        return
    kind = config.search.objective
    if custom or kind not in ("skill", "delta_m"):
        raise ConfigError(
            "networks without one of the main tasks are judged by the mean over the others, so the "
            "objective must be skill or delta_m, and "
            + ("it is a function of yours" if custom else f"it is {kind!r}"),
            path="search.finalists.leave_one_out",
            value=True,
            allowed=["false"],
        )


def objective_function(config: Config) -> ObjectiveFunction | None:
    """Return the user's function that `search.objective` names as `module:attribute`, if any.

    Args:
        config: The sweep's config.

    Raises:
        ConfigError: There is no such function.
    """
    name = config.search.objective
    if ":" not in name:
        return None
    function: ObjectiveFunction = import_attribute(name, "search.objective")
    if not callable(function):
        problem = f"a function of the metrics is needed, and this is a {type(function).__name__}"
        raise ConfigError(problem, path="search.objective", value=name)
    return function
