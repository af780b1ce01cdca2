"""Tune by hand: asks for trials, reports made-up epochs, ends and crashes, kills the driver."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from mtl_search.cluster.monitor import CapacityMonitor
from mtl_search.config import Config
from mtl_search.metrics.definitions import METRICS
from mtl_search.search.arms import plan_arms
from mtl_search.search.context import SweepContext
from mtl_search.search.objectives import ArmObjectives
from mtl_search.search.searcher import ArmSearcher
from mtl_search.storage.events import SweepStarted
from mtl_search.storage.item_values import encode
from mtl_search.storage.journal import Journal
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_report import TrialReport, to_result
from tests.support import small_sweeps as small

SCALES = {
    "kind/accuracy": (0.4, 1.0),
    "size/r2": (0.0, 1.0),
    "size/mae": (1.0, 0.0),
    "flag/accuracy": (0.5, 1.0),
}
METRICS_OF = {"kind": ("accuracy",), "size": ("r2", "mae"), "flag": ("accuracy",)}


class FakeTune:
    """One session of a sweep; a second one on the same folder is a resume.

    Args:
        config: Of the sweep.
        directory: Of the sweep.
        slots: Trials at a time.
        space: The user's space function.
        function: The user's objective.
    """

    def __init__(
        self,
        config: Config,
        directory: Path,
        slots: int = 2,
        space: Any = None,
        function: Any = None,
    ) -> None:
        self.config = config
        self.nodes = [{"CPU": config.resources.cpus_per_worker}] * slots
        self.capacity_monitor = CapacityMonitor(
            config.resources, slots, read_nodes=lambda: (self.nodes, [])
        )
        self.journal = Journal(directory / "journal.jsonl")
        if not self.journal.record.id:
            self.journal.write(SweepStarted(id="fake", name=config.name))
        self.objectives = ArmObjectives(
            self.journal.record,
            {task: METRICS_OF[task] for task in config.main_tasks},
            kind=config.search.objective,
            has_singles="single" in config.search.arms,
            scales=SCALES,
            importance={name: task.importance for name, task in config.tasks.items()},
            function=function,
        )
        self.context = SweepContext(
            config,
            directory,
            self.journal,
            self.objectives,
            arms=plan_arms(config),
            space=space,
        )
        self.searcher = ArmSearcher(self.context, self.capacity_monitor, small.DATA.targets)
        self.live: dict[str, TrialSpec] = {}
        self.packs: list[list[str]] = []  # our ids of the trials that were handed out together
        self._asked = 0

    @property
    def record(self) -> SweepRecord:
        return self.journal.record

    def suggest(self) -> str | None:
        """Ask for a trial: the key of one that begins, None for not yet, or FINISHED.

        The key is Tune's id. Of a pack it is the key of the first member; each has its own in
        `live`, Tune's id and the trial's.
        """
        self._asked += 1
        tune_id = f"tune{self._asked}"
        answer = self.searcher.suggest(tune_id)
        if not isinstance(answer, dict):
            return answer
        assert set(answer) == {"id", "arms", "specs", "stops"}
        specs = [TrialSpec.from_json(text) for text in answer["specs"]]
        assert list(answer["arms"]) == [spec.id for spec in specs]
        assert bool(answer["stops"]) == (len(specs) > 1)
        assert answer["id"].partition("+")[0] == specs[0].id
        keys = [tune_id if len(specs) == 1 else f"{tune_id}/{spec.id}" for spec in specs]
        self.live |= dict(zip(keys, specs, strict=True))
        self.packs.append([spec.id for spec in specs])
        return keys[0]

    def beside(self, key: str) -> list[str]:
        """The keys of the trials in a pack that are still there, this one among them."""
        tune_id = key.partition("/")[0]
        return [other for other in self.live if other.partition("/")[0] == tune_id]

    def report(self, key: str, report: TrialReport, *, stopped: bool = False) -> None:
        """Pass a report on, as the callback does."""
        name = self.live[key].id
        ended = [name] if stopped else []
        self.searcher.record_epoch(key.partition("/")[0], {name: report}, ended)

    def complete(self, key: str, report: TrialReport) -> None:
        """Say that a trial has ended, as Tune does when nothing of a pack is left."""
        if self.beside(key) == [key]:
            result = to_result({self.live[key].id: report})
            self.searcher.on_trial_complete(key.partition("/")[0], result)

    def epoch(
        self,
        trial_id: str,
        number: int,
        state: Any = "RUNNING",
        *,
        stopped: bool = False,
        **changes: float,
    ) -> TrialReport:
        """Report an epoch, as a slot does; `changes` replace metrics by `<task>_<metric>`."""
        spec = self.live[trial_id]
        metrics = made_up(spec, number) | {
            f"val/{key.replace('_', '/', 1)}": value for key, value in changes.items()
        }
        earlier = [
            epoch.best_objective
            for epoch in self.record.trials[spec.id].epochs
            if epoch.epoch < number
        ]
        best = max([*earlier, spec.objective(metrics)])
        test = (
            {f"test/{key[4:]}": value for key, value in metrics.items()}
            if spec.test and state == "COMPLETE"
            else {}
        )
        report = TrialReport(
            number,
            metrics,
            best,
            state,
            info=info(spec),
            test=test,
            seconds=float(number),
            items=encode({key[5:]: np.full(4, value) for key, value in test.items()})
            if test
            else "",
        )
        self.report(trial_id, report, stopped=stopped)
        return report

    def end(
        self, trial_id: str, state: str = "COMPLETE", epochs: int = 2, **changes: float
    ) -> TrialRecord:
        """Let a trial report its epochs and end: COMPLETE, PRUNED, FAIL, or CRASH for good."""
        for number in range(1, epochs):
            self.epoch(trial_id, number, stopped=False, **changes)
        spec = self.live[trial_id]
        if state == "CRASH":
            for _ in range(self.config.search.retries):
                self.crash(trial_id)
                trial_id = self.suggest() or ""
                assert self.live[trial_id].id == spec.id
            self.crash(trial_id)
        elif state == "FAIL":
            report = TrialReport(
                epochs - 1, {}, float("nan"), "FAIL", "the loss is nan", {"parameters": 1}
            )
            self.report(trial_id, report)
            self._complete(trial_id, report)
        else:
            stopped = state == "PRUNED"
            told = "RUNNING" if stopped else state
            report = self.epoch(trial_id, epochs, told, stopped=stopped, **changes)
            self._complete(trial_id, report)
        return self.record.trials[spec.id]

    def advance(self, trial_id: str, epochs: int | None = None) -> None:
        """Let a member of a population train up to its pause or its end, or only so many epochs."""
        spec, first = self.live[trial_id], self.record.trials[self.live[trial_id].id].last_epoch + 1
        assert spec.until is not None
        if epochs is not None and first + epochs - 1 < spec.until:
            for number in range(first, first + epochs):
                self.epoch(trial_id, number)
            return
        for number in range(first, spec.until):
            self.epoch(trial_id, number)
        state = "COMPLETE" if spec.until == spec.config.training.epochs else "PAUSED"
        self._complete(trial_id, self.epoch(trial_id, max(first, spec.until), state))

    def crash(self, trial_id: str) -> None:
        """The process of a trial or a pack dies."""
        tune_id = trial_id.partition("/")[0]
        for key in self.beside(trial_id):
            del self.live[key]
        self.searcher.on_trial_complete(tune_id, error=True)
        self.searcher.record_crash(tune_id, "killed")

    def _complete(self, trial_id: str, report: TrialReport) -> None:
        self.complete(trial_id, report)
        del self.live[trial_id]

    def run(self, states: Any = lambda spec: "COMPLETE") -> list[TrialSpec]:
        """Run to the end, as many at a time as there are slots; returns what began, in order."""
        began = []
        while True:
            answer = self.suggest()
            if answer in self.live:
                began += [self.live[key] for key in self.beside(answer)]
            elif self.live:
                first = next(iter(self.live))
                spec, state = self.live[first], states(self.live[first])
                if spec.until is None:
                    self.end(first, state)
                elif state == "COMPLETE":
                    self.advance(first)
                else:
                    self.end(first, state, epochs=self.record.trials[spec.id].last_epoch + 2)
            elif answer == "FINISHED":
                return began
            else:
                raise AssertionError("nothing runs, and nothing may begin")

    def kill(self) -> None:
        """The driver dies; nothing more is written."""
        self.journal.close()


WEIGHTS = {"kind": 0.6, "size": 1.2, "flag": 1.2}


def info(spec: TrialSpec) -> dict[str, Any]:
    """What a slot says of a trial, as far as anything reads it here."""
    facts: dict[str, Any] = {
        "parameters": 1,
        "depth": spec.config.model.sharing.arguments.get("depth"),
        "weights": {task: settings.loss_weight for task, settings in spec.config.tasks.items()},
    }
    if spec.split:
        facts["samples"] = {"train": 20, "validation": 10, "test": 10}
    if spec.config.training.weighting.name == "static":
        return facts
    return {**facts, "tasks": list(spec.config.tasks), "adaptive": True}


def made_up(spec: TrialSpec, epoch: int) -> dict[str, float]:
    """Metrics that depend on the trial's params alone and get better with every epoch.

    Where the trial is adaptive, its weights are among them.
    """
    text = (
        str(sorted(spec.config.training.optimizer.arguments.items()))
        + str(spec.config.model.sharing)
        + str(spec.seed)
    )
    level = zlib.crc32(text.encode()) / 2**32
    values = {}
    for task in spec.config.tasks:
        for metric in METRICS_OF[task]:
            value = 0.5 + 0.3 * level + 0.01 * epoch
            values[f"val/{task}/{metric}"] = (
                value if METRICS[metric].higher_is_better else 1 - value
            )
    if "adaptive" in info(spec):
        values |= {f"train/weight/{task}": WEIGHTS[task] for task in spec.config.tasks}
    return values


Session = Callable[..., FakeTune]


def counts(fake: FakeTune) -> dict[str, int]:
    """Number of trials of each arm so far."""
    return dict(Counter(trial.arm for trial in fake.record))
