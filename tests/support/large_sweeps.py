"""A made-up sweep of many tasks and trials, built in memory: a journal of it would take minutes."""

from __future__ import annotations

from typing import Any

import numpy as np

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.judge import judge
from mtl_search.analysis.references import main_metrics
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import EpochRecord, TrialRecord
from tests.support.recorded_sweeps import config

LOSS_WEIGHT = "tasks.{}.loss_weight"


def large_evidence(tasks: int = 120, trials: int = 2000, epochs: int = 100) -> Evidence:
    """The evidence of a finished sweep: 4 trials a single task, the others half equal, half search.

    One trial of three was stopped at a tenth of the epochs; each arm has 3 finalists.
    """
    builder = _Builder(tasks, epochs)
    for task in builder.tasks:
        builder.arm(f"single/{task}", 4)
    for arm in ("equal", "search"):
        builder.arm(arm, trials // 2)
    for arm in (*(f"single/{task}" for task in builder.tasks), "equal", "search"):
        builder.finalists(arm)
    record = builder.record
    changes: dict[str, Any] = {"training.epochs": epochs}
    settings = config(tasks=builder.tasks, **changes)
    return Evidence(record, settings, judge(record, settings), main_metrics(record, settings))


class _Builder:
    def __init__(self, tasks: int, epochs: int) -> None:
        self.tasks = [f"task_{number:03d}" for number in range(tasks)]
        self.epochs = epochs
        self.generator = np.random.default_rng(0)
        self.hardness = dict(
            zip(self.tasks, self.generator.uniform(0.0, 0.2, tasks).tolist(), strict=True)
        )
        self.record = SweepRecord(
            id="large",
            name="large",
            complete=True,
            scales={f"{task}/accuracy": (0.5, 1.0) for task in self.tasks},
        )

    def arm(self, arm: str, count: int) -> None:
        for number in range(count):
            level = float(self.generator.beta(5, 2))
            stopped = number % 3 == 2 and count > 4
            self._trial(ArmName(arm), number, level, "PRUNED" if stopped else "COMPLETE")

    def finalists(self, arm: str) -> None:
        origin = f"{arm.replace('/', '-')}-0000"
        for number in range(3):
            trial = self._trial(ArmName(arm).final, number, 0.8, "COMPLETE", origin=origin)
            trial.test = {
                k.replace("val/", "test/"): v for k, v in trial.epochs[-1].metrics.items()
            }

    def _trial(
        self, arm: ArmName, number: int, level: float, state: Any, origin: str = ""
    ) -> TrialRecord:
        mine = [arm.task] if arm.is_single and arm.task else self.tasks
        drawn = np.exp(self.generator.uniform(-2, 2, len(mine))).tolist()
        weights = dict(zip(mine, drawn if arm.base == "search" else [1.0] * len(mine), strict=True))
        weights[mine[0]] = 1.0
        depth = int(self.generator.integers(4))
        trial = TrialRecord(
            id=f"{arm.replace('/', '-')}-{number:04d}",
            arm=arm,
            number=number,
            params={LOSS_WEIGHT.format(t): w for t, w in weights.items() if t != mine[0]}
            if arm.base == "search"
            else {},
            distributions={},
            overrides={LOSS_WEIGHT.format(task): weight for task, weight in weights.items()},
            seed=number,
            started=0.0,
            origin=origin,
            state=state,
            seconds=float(self.epochs),
            info={
                "parameters": 1000 * (4 - depth),
                "depth": None if arm.is_single else depth,
                "weights": weights,
                "lr": 0.01,
                "tasks": list(mine),
                "adaptive": False,
                "balancing": "",
            },
        )
        trial.epochs = self._epochs(
            mine, level, max(1, self.epochs // 10) if state == "PRUNED" else self.epochs
        )
        self.record.trials[trial.id] = trial
        return trial

    def _epochs(self, tasks: list[str], level: float, count: int) -> list[EpochRecord]:
        """Accuracies that rise with the level, with noise; a tenth of the epochs share a dict."""
        noise = self.generator.normal(0, 0.02, len(tasks)).tolist()
        final = {
            f"val/{task}/accuracy": 0.55 + 0.35 * level - self.hardness[task] + own
            for task, own in zip(tasks, noise, strict=True)
        }
        early = {key: 0.9 * value for key, value in final.items()}
        half = max(1, count // 2)
        objective = 2 * float(np.mean(list(final.values()))) - 1
        return [
            EpochRecord(
                e,
                final if e > half or count == 1 else early,
                objective - 0.1 * (e <= half),
                float(e),
            )
            for e in range(1, count + 1)
        ]
