"""Synthetic sweeps for tests: journals with made-up numbers, written by the real journal."""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mtl_search.config import Config, load_config
from mtl_search.storage.events import State, event_from_json
from mtl_search.storage.journal import Journal, Observer
from mtl_search.storage.records import SweepRecord

TASKS = ("left", "right", "same")


def config(name: str = "demo", tasks: Sequence[str] = TASKS, **overrides: Any) -> Config:
    tree: dict[str, Any] = {
        "name": name,
        "data": "digit_pairs",
        "tasks": {task: {"head": "softmax", "metrics": ["accuracy"]} for task in tasks},
        "model": {"backbone": "mlp"},
    }
    return load_config(tree, overrides)


class Builder:
    """Writes a journal event by event, with times that do not depend on the clock.

    Args:
        path: Of the journal.
        tasks: Main tasks, all with the metric accuracy.
        observers: Of the journal.
    """

    def __init__(
        self, path: Path, tasks: Sequence[str] = TASKS, observers: Sequence[Observer] = ()
    ) -> None:
        self.path = path
        self.tasks = tuple(tasks)
        self.observers = list(observers)
        self.record = SweepRecord()
        self.now = 1_700_000_000.0
        self.journal = Journal(path, self.observers)
        weakref.finalize(self, self.journal.close)  # a test need not

    def event(self, kind: str, **fields: Any) -> None:
        self.now += 1.0
        event = event_from_json({"event": kind, "time": self.now, **fields})
        assert event is not None, kind
        self.journal.write(event)

    def sweep(self, identity: str = "sweep-1") -> Builder:
        self.event("sweep", id=identity, name="demo")
        return self

    def begin(self, arm: str, number: int, origin: str = "", role: str = "", **info: Any) -> str:
        """A trial that has begun; returns its id."""
        trial = f"{arm.replace('/', '-')}-{number:04d}"
        mine = [arm.split("single/")[1]] if "single/" in arm else list(self.tasks)
        self.event(
            "trial",
            id=trial,
            arm=arm,
            number=number,
            params={"training.optimizer.lr": 0.01},
            distributions={},
            overrides={"training.optimizer.lr": 0.01, "model.sharing.depth": 2},
            seed=number,
            config_hash="0123456789ab",
            origin=origin,
            role=role,
        )
        facts = {
            "parameters": 1000 if "single" in arm else 1500,
            "depth": None if "single" in arm else 2,
            "weights": dict.fromkeys(mine, 1.0),
            "lr": 0.01,
            "tasks": mine,
            **info,
        }
        self.event("info", id=trial, info=facts)
        return trial

    def epoch(
        self,
        trial: str,
        epoch: int,
        objective: float,
        accuracy: Mapping[str, float],
        **extra: float,
    ) -> None:
        metrics = {f"val/{task}/accuracy": value for task, value in accuracy.items()}
        metrics |= {f"train/{task}/loss": 1.0 / epoch for task in accuracy}
        self.event(
            "epoch",
            id=trial,
            epoch=epoch,
            metrics={**metrics, "lr": 0.01, **extra},
            objective=objective,
            seconds=0.5 * epoch,
        )

    def end(
        self,
        trial: str,
        state: State = "COMPLETE",
        reason: str = "",
        test: Mapping[str, float] | None = None,
    ) -> None:
        scores = {f"test/{task}/accuracy": value for task, value in (test or {}).items()}
        self.event("end", id=trial, state=state, reason=reason, test=scores)

    def trial(
        self,
        arm: str,
        number: int,
        value: float,
        epochs: int = 3,
        state: State = "COMPLETE",
        **info: Any,
    ) -> str:
        """A whole trial whose accuracies all reach `value` in its last epoch."""
        trial = self.begin(arm, number, **info)
        for epoch in range(1, epochs + 1):
            mine = [arm.split("single/")[1]] if "single/" in arm else self.tasks
            now = value * epoch / epochs
            self.epoch(trial, epoch, now, dict.fromkeys(mine, now))
        self.end(trial, state, "loss is not finite" if state == "FAIL" else "")
        return trial

    def finalist(
        self,
        arm: str,
        number: int,
        test: Mapping[str, float],
        *,
        val: float = 0.9,
        state: State = "COMPLETE",
        origin: str = "",
        **info: Any,
    ) -> str:
        trial = self.begin(
            f"final/{arm}", number, origin or f"{arm.replace('/', '-')}-0000", **info
        )
        self.epoch(trial, 1, val, dict.fromkeys(test, val))
        self.end(trial, state, test=test if state == "COMPLETE" else None)
        return trial

    def done(self) -> None:
        self.event("done")

    @property
    def sweep_record(self) -> SweepRecord:
        return self.journal.record


def whole(
    builder: Builder, trials: int = 4, seeds: int = 3, gain: float = 0.02, random: int = 0
) -> Builder:
    """A finished sweep with finalists of all arms; the search arm is better by `gain`."""
    generator = np.random.default_rng(random)
    if not builder.sweep_record.id:
        builder.sweep()
    for task in builder.tasks:
        for number in range(trials):
            builder.trial(f"single/{task}", number, 0.85 + 0.01 * number)
    for arm in ("equal", "search"):
        for number in range(trials):
            builder.trial(arm, number, 0.84 + 0.012 * number)
    for arm in [*(f"single/{task}" for task in builder.tasks), "equal", "search"]:
        for seed in range(seeds):
            mine = [arm.split("/")[1]] if "/" in arm else builder.tasks
            level = 0.9 + (gain if arm == "search" else 0.0)
            scores = {task: level + float(generator.normal(0, 0.002)) for task in mine}
            builder.finalist(arm, seed, scores, val=level)
    builder.done()
    return builder


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Give another thread the time it needs, and no more."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
