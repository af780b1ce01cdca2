"""A sweep of the product in this process, without Ray, and the true value of what it picks."""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import asdict, dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mtl_search.cluster.monitor import CapacityMonitor
from mtl_search.config import Config, override
from mtl_search.data import DataSet
from mtl_search.search.arms import trial_seed
from mtl_search.search.schedulers.arm_scheduler import ArmScheduler
from mtl_search.search.searcher import ArmSearcher
from mtl_search.search.sweep import SweepSession
from mtl_search.storage.arm_name import SEARCH
from mtl_search.storage.journal import Journal
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.sweep_directory import JOURNAL
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.training.runner import TrialRunner
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_report import TrialReport, to_result
from tests.benchmarks.command_line import read_lines
from tests.support.local_sweep import checked_sweep
from tests.support.trial_streams import Controller

# A disk in memory, where there is one: the journal waits for the disk after each trial.
_MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Job:
    """Say which search is run.

    Attributes:
        case: The name of the case.
        method: The name of the search.
        overrides: What the search changes.
        seed: The seed of the sweep.
        trials: The number of its trials, over all arms.
        pick_from: The number of trials, the first ones, of which the best is picked.
        fresh: The number of fresh seeds of the pick.
    """

    case: str
    method: str
    overrides: dict[str, Any]
    seed: int
    trials: int
    pick_from: int
    fresh: int

    @property
    def key(self) -> str:
        """A text that tells it from other jobs."""
        return json.dumps(asdict(self), sort_keys=True)


@dataclass(frozen=True)
class Run:
    """What one search came to.

    Attributes:
        job: Which search it was.
        epochs: The epochs of each trial, in the order in which they began.
        values: The best validation objective of each; None for one that failed, only warmed up or
            is a finalist.
        picked: The validation objective of the trial that is picked.
        fresh_validation: The objective of its configuration on fresh seeds.
        fresh_test: The same on the test split.
        seconds: The time of the search, without the fresh seeds.
    """

    job: Job
    epochs: list[int]
    values: list[float | None]
    picked: float
    fresh_validation: list[float]
    fresh_test: list[float]
    seconds: float

    @classmethod
    def from_json(cls, line: str) -> Run:
        """Return the run of a line."""
        tree = json.loads(line)
        return cls(**{**tree, "job": Job(**tree["job"])})

    def to_json(self) -> str:
        """Return the run as a line."""
        return json.dumps(asdict(self))


class LocalSweep:
    """Run the trials of a sweep one after another in this process.

    Searcher, studies, scheduler and trainer are the product's; what Tune would call is called here.
    Trials are not packed: without Ray no pack could be told which of its members are stopped.

    Args:
        config: The config of the sweep.
        data: The data set.
        directory: A folder for the sweep.
    """

    def __init__(self, config: Config, data: DataSet, directory: Path) -> None:
        config = override(config, {"training.pack": 1})
        checked = checked_sweep(config, directory, data)
        self.journal = Journal(directory / JOURNAL)
        self._session = SweepSession(checked, self.journal)
        self.context = self._session.context
        node = {"CPU": config.resources.cpus_per_worker}
        monitor = CapacityMonitor(config.resources, 1, read_nodes=lambda: ([node], []))
        self._searcher = ArmSearcher(self.context, monitor, checked.data.targets)
        self._scheduler = ArmScheduler(config, 1)
        self._runner = TrialRunner(checked.data, checked.objective)

    @property
    def record(self) -> SweepRecord:
        """The record of its trials."""
        return self.journal.record

    def run(self) -> None:
        """Run trials until every arm has spent its budget."""
        self._session.write_start(slots=1)
        number = 0
        while isinstance(answer := self._searcher.suggest(f"local-{number}"), dict):
            self._train(f"local-{number}", answer)
            number += 1
        if self._searcher.error is not None:
            raise self._searcher.error
        assert self._searcher.finished

    def fresh(self, record: TrialRecord, seeds: int, stream: int) -> list[TrialReport]:
        """Train the configuration of a trial on further seeds; return the last reports.

        Args:
            record: The trial.
            seeds: The number of further seeds.
            stream: The seed that they are drawn from.
        """
        context = self.context
        reports = []
        for number in range(seeds):
            name = f"fresh-{number}-of-{record.id}"
            spec = TrialSpec(
                id=name,
                config=context.arms[record.arm.base].config(context.config, record.overrides),
                seed=trial_seed(stream, "final/fresh", number),
                objective=context.objectives.objective(record.arm.base),
                directory=str(context.directory / "fresh" / name),
                test=True,
            )
            self._runner.setup(spec)
            reports.append(self._runner.train_until(spec.config.training.epochs))
        return reports

    def _train(self, tune_id: str, answer: Mapping[str, Any]) -> None:
        """Train a trial as a slot does, and tell scheduler and searcher what Tune would."""
        trial: Any = SimpleNamespace(
            trial_id=tune_id, config=answer, placement_group_factory="this process"
        )
        self._scheduler.on_trial_add(Controller(), trial)
        (text,) = answer["specs"]
        spec = TrialSpec.from_json(text)
        assert spec.until is None, "a population is not run here"
        self._runner.setup(spec)
        going, epoch = True, 0
        while going:
            report = self._epoch(epoch + 1)
            epoch = report.epoch
            self._searcher.record_epoch(tune_id, {spec.id: report}, ())
            result = to_result({spec.id: report})
            if report.state == "RUNNING":
                going = self._scheduler.on_trial_result(None, trial, result) == "CONTINUE"
            else:
                self._scheduler.on_trial_complete(None, trial, result)
                going = False
        self._searcher.on_trial_complete(tune_id, result)

    def _epoch(self, epoch: int) -> TrialReport:
        try:
            return self._runner.train_until(epoch)
        except Exception as error:  # noqa: BLE001  # as a slot does
            return self._runner.failure(error)


def search(config: Config, data: DataSet, job: Job) -> Run:
    """Run one search, and train what it picks on fresh seeds.

    Args:
        config: The config of the search.
        data: The data set.
        job: Which search it is.
    """
    memory = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="quality-", dir=memory) as folder:
        began = time.perf_counter()
        sweep = LocalSweep(config, data, Path(folder))
        with closing(sweep.journal):
            sweep.run()
            seconds = time.perf_counter() - began
            picked, value = pick(list(sweep.record), job.pick_from)
            objective = sweep.context.objectives.objective(SEARCH)
            fresh = sweep.fresh(picked, job.fresh, job.seed)
        trials = list(sweep.record)
        return Run(
            job=job,
            epochs=[trial.last_epoch for trial in trials],
            values=[_value(trial) for trial in trials],
            picked=value,
            fresh_validation=[report.objective for report in fresh],
            fresh_test=[objective(_as_validation(report.test)) for report in fresh],
            seconds=seconds,
        )


def pick(trials: Sequence[TrialRecord], first: int) -> tuple[TrialRecord, float]:
    """Return the trial whose configuration the sweep would recommend, and its validation value.

    Where there are finalists, it is the one whose mean over seeds is best; else the best trial.

    Args:
        trials: The trials of the sweep.
        first: The number of trials, the first ones, of which the best is picked.
    """
    by_origin: dict[str, list[float]] = {}
    for trial in trials:
        if trial.is_finalist and trial.is_result:
            by_origin.setdefault(trial.origin, []).append(trial.best_objective)
    means = {origin: sum(values) / len(values) for origin, values in by_origin.items()}
    if not means:
        means = {
            trial.id: value for trial in trials[:first] if (value := _value(trial)) is not None
        }
    best = max(means, key=lambda origin: means[origin])
    return next(trial for trial in trials if trial.id == best), means[best]


def _value(trial: TrialRecord) -> float | None:
    """Return the validation objective of a trial of the equal or the search arm."""
    if trial.is_finalist or not trial.arm.is_shared or trial.best_objective == float("-inf"):
        return None
    return trial.best_objective


def _as_validation(test: Mapping[str, float]) -> dict[str, float]:
    """Return test metrics by the names that an objective reads."""
    return {key.replace("test/", "val/", 1): value for key, value in test.items()}


def read_runs(path: Path) -> list[Run]:
    """Return the runs of a file of results."""
    return [Run.from_json(line) for line in read_lines(path)]
