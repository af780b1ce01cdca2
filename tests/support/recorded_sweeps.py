"""Synthetic sweeps for tests: journals with made-up numbers, written by the real journal."""

from __future__ import annotations

import json
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mtl_search.config import Config, load_config
from mtl_search.storage import item_values
from mtl_search.storage.events import event_from_json
from mtl_search.storage.journal import Journal, Observer
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_info import State

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

    def sweep(self, identity: str = "sweep-1", name: str = "demo") -> Builder:
        self.event("sweep", id=identity, name=name)
        return self

    def scales(self, trivial: float | Mapping[str, float] = 0.5, perfect: float = 1.0) -> Builder:
        """The scales of each task's accuracy, so that the sweep is judged by skill."""
        of_task = trivial if isinstance(trivial, Mapping) else dict.fromkeys(self.tasks, trivial)
        values = {f"{task}/accuracy": (value, perfect) for task, value in of_task.items()}
        self.event("scales", values=values, excluded={})
        return self

    def provenance(self, digest: str = "0123456789abcdef0123456789abcdef") -> Builder:
        """What the data are, and what the sweep ran on."""
        splits = {"train": 100, "validation": 50, "test": 50}
        kinds = dict.fromkeys(self.tasks, "class")
        classes = {task: [["no", 2], ["yes", 1]] for task in kinds}
        described = {"splits": splits, "targets": kinds, "classes": classes}
        self.event("data", name="table", digest=digest, **described)
        versions = {"mtl_search": "0.2.0", "python": "3.11.4", "torch": "2.13.0"}
        self.event("environment", versions=versions, platform="Linux x86_64", devices={"CPU": 2})
        return self

    def baseline(self, task: str, model: str, test: float) -> None:
        """A model of scikit-learn with this accuracy on the test split."""
        metrics = {f"test/{task}/accuracy": test, f"val/{task}/accuracy": test}
        self.event("baseline", task=task, model=model, metrics=metrics, seconds=0.5)

    def begin(
        self,
        arm: str,
        number: int,
        origin: str = "",
        role: str = "",
        *,
        drawn: Mapping[str, tuple[float, float, float]] | None = None,
        **info: Any,
    ) -> str:
        """A trial that has begun; returns its id.

        Args:
            arm: The arm.
            number: Number in the arm.
            origin: Id of the trial that it has its values from.
            role: Its role.
            drawn: Path → value, low and high end of the range that it was drawn from, log-uniform.
            info: What it says of itself.
        """
        trial = f"{arm.replace('/', '-')}-{number:04d}"
        mine = [arm.split("single/")[1]] if "single/" in arm else list(self.tasks)
        self.event(
            "trial",
            id=trial,
            arm=arm,
            number=number,
            params={"training.optimizer.lr": 0.01, **_values(drawn)},
            distributions={path: _log_uniform(*ends) for path, (_, *ends) in (drawn or {}).items()},
            overrides={"training.optimizer.lr": 0.01, "model.sharing.depth": 2, **_values(drawn)},
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
        items: int = 0,
        **info: Any,
    ) -> str:
        """A finalist with these test accuracies; with items, its scores of as many test items."""
        trial = self.begin(
            f"final/{arm}", number, origin or f"{arm.replace('/', '-')}-0000", **info
        )
        self.epoch(trial, 1, val, dict.fromkeys(test, val))
        if items:
            self._write_items(trial, test, items)
        self.end(trial, state, test=test if state == "COMPLETE" else None)
        return trial

    def _write_items(self, trial: str, test: Mapping[str, float], items: int) -> None:
        """Scores of 0 and 1 whose mean is the accuracy; seeds differ in which items are wrong."""
        generator = np.random.default_rng(len(self.sweep_record.trials))
        hard_N = np.linspace(0.0, 1.0, items)
        values = {}
        for task, accuracy in test.items():
            order = np.argsort(hard_N + generator.normal(0, 0.2, items))
            right_N = np.zeros(items, np.float32)
            right_N[order[: round(accuracy * items)]] = 1.0
            values[f"{task}/accuracy"] = right_N + np.float32(accuracy - right_N.mean())
        item_values.write(self.path.parent, trial, item_values.encode(values))

    def done(self) -> None:
        self.event("done")

    @property
    def sweep_record(self) -> SweepRecord:
        return self.journal.record


def _values(drawn: Mapping[str, tuple[float, float, float]] | None) -> dict[str, float]:
    return {path: value for path, (value, _, _) in (drawn or {}).items()}


def _log_uniform(low: float, high: float) -> str:
    attributes = {"step": None, "low": low, "high": high, "log": True}
    return json.dumps({"name": "FloatDistribution", "attributes": attributes})


def whole(
    builder: Builder,
    trials: int = 4,
    seeds: int = 3,
    gain: float = 0.02,
    random: int = 0,
    *,
    twins: bool = False,
    items: int = 0,
) -> Builder:
    """A finished sweep with finalists of all arms; the search arm is better by `gain`.

    Twins, if asked for, are as good as the arm `equal`. With items the scores of as many test items
    are kept, in the journal's folder.
    """
    generator = np.random.default_rng(random)
    if not builder.sweep_record.id:
        builder.sweep()
    for task in builder.tasks:
        for number in range(trials):
            builder.trial(f"single/{task}", number, 0.85 + 0.01 * number)
    for arm in ("equal", "search"):
        for number in range(trials):
            builder.trial(arm, number, 0.84 + 0.012 * number)
    more = ["twin/separate", "twin/weights"] if twins else []
    for arm in [*(f"single/{task}" for task in builder.tasks), "equal", "search", *more]:
        for seed in range(seeds):
            mine = [arm.split("/")[1]] if "single/" in arm else builder.tasks
            level = 0.9 + (gain if arm == "search" else 0.0)
            builder.finalist(
                arm,
                seed,
                {task: level + float(generator.normal(0, 0.002)) for task in mine},
                # Ahead on validation, too, so that the search arm's network is recommended; seeds
                # differ by the same in all arms.
                val=level + 0.001 * (seed % 3 - 1),
                origin="search-0000" if arm in more else "",
                items=items,
            )
    builder.done()
    return builder


def wait_until(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Give another thread the time it needs, and no more."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.02)
