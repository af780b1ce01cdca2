"""Streams of trials with made-up values, for the schedulers of arms."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np

from mtl_search.search.schedulers.arm_scheduler import ArmScheduler
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import EpochRecord, TrialRecord
from mtl_search.training.trial_report import TrialReport, to_result
from tests.support import small_sweeps as small

EPOCHS = 9


STOPPING = ("asha", "median")


ARGUMENTS: dict[str, dict[str, Any]] = {
    "asha": {"grace_period": 1, "reduction_factor": 3},
    "median": {},
}


def scheduler(slots: int = 1, name: str = "asha") -> ArmScheduler:
    member = {"name": name, **ARGUMENTS[name]}
    return ArmScheduler(
        small.config({"training.epochs": EPOCHS, "search.scheduler": member}), slots
    )


class Controller:
    """The part of Tune's controller that is touched."""

    def __init__(self) -> None:
        self.increased: list[tuple[Any, int]] = []
        self.pending: list[int] = []
        self._actor_cache = SimpleNamespace(
            increase_max=lambda what, by: self.increased.append((what, by))
        )
        self._maybe_reuse_cached_actor = None
        self._tune_controller = self

    def update_max_pending_trials(self, most: int) -> None:
        self.pending.append(most)


def tune_trial(arm: str, number: int | str) -> Any:
    name = f"{arm}-{number}"
    config = {"arms": {name: arm}, "id": name, "stops": ""}
    return SimpleNamespace(
        trial_id=f"tune-{name}", config=config, placement_group_factory="one CPU"
    )


def tune_pack(*names: str) -> Any:
    """A pack of trials, each named after its arm, such as `search-3`."""
    config = {
        "arms": {name: name.rpartition("-")[0] for name in names},
        "id": f"{names[0]}+{len(names) - 1}",
        "stops": f"sweep/tune-{names[0]}",
    }
    return SimpleNamespace(
        trial_id=f"tune-{names[0]}", config=config, placement_group_factory="one CPU"
    )


def told(trial: Any, epoch: int, objective: float, state: Any = "RUNNING") -> dict[str, Any]:
    """What Tune passes on of an epoch."""
    return to_result({trial.config["id"]: TrialReport(epoch, {}, objective, state)})


class Stream:
    """Trials with made-up values, one after another, and the record of their reports."""

    def __init__(self, under: ArmScheduler, record: SweepRecord | None = None) -> None:
        self.scheduler = under
        self.record = record or SweepRecord()
        self.decisions: list[tuple[str, int, str]] = []

    def trial(self, arm: str, number: int, epochs: int = EPOCHS) -> TrialRecord:
        rng = np.random.default_rng([number, len(arm)])
        values = np.maximum.accumulate(rng.random() + 0.05 * rng.random(EPOCHS))
        trial = tune_trial(arm, number)
        self.scheduler.on_trial_add(Controller(), trial)
        record = TrialRecord(trial.config["id"], ArmName(arm), number, {}, {}, {}, 0, 0.0)
        self.record.trials[record.id] = record
        for epoch in range(1, epochs + 1):
            objective = float(values[epoch - 1])
            record.epochs.append(EpochRecord(epoch, {}, objective, 0.0))
            result = told(trial, epoch, objective, "COMPLETE" if epoch == EPOCHS else "RUNNING")
            if epoch == EPOCHS:  # Tune tells of the last result so
                record.state = "COMPLETE"
                self.scheduler.on_trial_complete(None, trial, result)
                break
            decision = self.scheduler.on_trial_result(None, trial, result)
            self.decisions.append((record.id, epoch, decision))
            if decision == "STOP":
                record.state = "PRUNED"
                break
        return record


def objectives(record: TrialRecord) -> dict[int, float]:
    return {epoch.epoch: epoch.best_objective for epoch in record.epochs}


def rungs(under: ArmScheduler, arm: str) -> Any:
    return under._scheduler(arm)._brackets[0]._rungs  # type: ignore[attr-defined]


def memory(under: ArmScheduler, arm: str) -> Any:
    """All that an arm's scheduler knows of its trials."""
    inner: Any = under._scheduler(arm)
    return inner._results if hasattr(inner, "_results") else rungs(under, arm)


def run(stream: Stream, numbers: range) -> list[tuple[str, int, str]]:
    before = len(stream.decisions)
    for number in numbers:
        for arm in ("equal", "search"):
            stream.trial(arm, number)
    return stream.decisions[before:]
