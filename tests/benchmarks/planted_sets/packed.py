"""A sweep of a planted set by the product's searcher and trainer, in packs or one after another.

Ray alone is left out: what Tune would call is called here, and packs are trained in this process.
"""

from __future__ import annotations

import json
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mtl_search.analysis.judge import judge
from mtl_search.analysis.verdict import Verdict
from mtl_search.cluster.monitor import CapacityMonitor
from mtl_search.data import DataSet
from mtl_search.search.searcher import ArmSearcher
from mtl_search.search.sweep import SweepSession
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.training.packs.runner import PackRunner
from mtl_search.training.runner import TrialRunner
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_report import TrialReport, to_result
from tests.benchmarks.planted_sets.rows import ROWS
from tests.support.local_sweep import checked_sweep

# A disk in memory, where there is one: the journal waits for the disk after each trial.
_MEMORY = Path("/dev/shm")

Reports = Mapping[str, TrialReport]


@dataclass(frozen=True)
class PackedJob:
    """Name one sweep.

    Attributes:
        row: The kind of planted set.
        seed: The seed of the set.
        pack: `training.pack`.
        overrides: Changes of the config.
    """

    row: str
    seed: int
    pack: str
    overrides: tuple[str, ...]


@dataclass(frozen=True)
class PackedOutcome:
    """Tell what a sweep did and said.

    Attributes:
        job: Which sweep it was.
        plan: Id of a trial → its seed, its values and the trial that these are from, as text.
        objectives: Id of a trial → its best objective.
        packed: Number of trials that were trained in packs.
        sharing: The verdict's words about sharing.
        gain: What the recommended network gains over the single-task networks; None: not known.
        test: Mean over seeds and main tasks of the recommended network's R² on the test split.
        seconds: Processor time of the sweep.
    """

    job: PackedJob
    plan: Mapping[str, str]
    objectives: Mapping[str, float]
    packed: int
    sharing: str
    gain: float | None
    test: float
    seconds: float

    def to_json(self) -> str:
        """Return the outcome as one line."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> PackedOutcome:
        """Return the outcome that `to_json` wrote."""
        tree: dict[str, Any] = json.loads(text)
        job = tree.pop("job")
        return cls(PackedJob(**{**job, "overrides": tuple(job["overrides"])}), **tree)


def run_packed(job: PackedJob) -> PackedOutcome:
    """Run one sweep.

    Args:
        job: The sweep.
    """
    overrides = (*job.overrides, f"training.pack={job.pack}")
    planted = ROWS[job.row].draw(job.seed, overrides)
    if planted.config.search.scheduler.name != "fifo":
        raise ValueError("nobody is stopped here: search.scheduler must be fifo")
    memory = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="packed-", dir=memory) as name:
        checked = checked_sweep(planted.config, Path(name) / "sweep", planted.data())
        began = time.process_time()
        with SweepSession.open_folder(checked) as session:
            session.write_start(slots=1)
            _run_trials(session, checked.data)
            session.write_end()
            seconds = time.process_time() - began
            verdict = judge(session.record, planted.config, session.context.directory)
            trials = list(session.record)
    gain = verdict.sharing.gain.mean if verdict.sharing is not None else None
    return PackedOutcome(
        job=job,
        plan={trial.id: _planned(trial) for trial in trials},
        objectives={trial.id: trial.best_objective for trial in trials},
        packed=sum(isinstance(trial.info.get("pack"), int) for trial in trials),
        sharing=verdict.outcome,
        gain=gain,
        test=_test(verdict, planted.config.main_tasks),
        seconds=seconds,
    )


def _run_trials(session: SweepSession, data: DataSet) -> None:
    """Run all trials, a pack or a trial at a time."""
    runner = TrialRunner(data, threads=1)
    resources = session.context.config.resources
    node = {"CPU": resources.cpus_per_worker}
    monitor = CapacityMonitor(resources, 1, read_nodes=lambda: ([node], []))
    searcher = ArmSearcher(session.context, monitor, data.targets)
    number = 0
    while isinstance(answer := searcher.suggest(f"local-{number}"), dict):
        specs = [TrialSpec.from_json(text) for text in answer["specs"]]
        epochs = _together(runner, specs) if len(specs) > 1 else _alone(runner, specs[0])
        for reports in epochs:
            searcher.record_epoch(f"local-{number}", reports, ())
        searcher.on_trial_complete(f"local-{number}", to_result(reports))
        number += 1
    if searcher.error is not None:
        raise searcher.error
    assert searcher.finished


def _together(runner: TrialRunner, specs: Sequence[TrialSpec]) -> Iterator[Reports]:
    pack = PackRunner(runner, specs)
    while not pack.done:
        yield pack.run_epoch()


def _alone(runner: TrialRunner, spec: TrialSpec) -> Iterator[Reports]:
    runner.setup(spec)
    for epoch in range(1, spec.config.training.epochs + 1):
        yield {spec.id: runner.train_until(epoch)}


def _planned(trial: TrialRecord) -> str:
    values = sorted(trial.overrides.items())
    return json.dumps([trial.seed, values, trial.origin])


def _test(verdict: Verdict, tasks: Sequence[str]) -> float:
    assert verdict.recommended is not None
    values = [verdict.recommended.test[f"test/{task}/r2"].mean for task in tasks]
    return sum(values) / len(values)
