"""The product's own protocol on a planted set, without Ray: all that knows its present form.

`TrialQueue` chooses the trials, the engine trains them one after another, `TrialLog` writes them to
a journal, and `judge` answers.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from mtl_search.analysis.comparison import Comparison
from mtl_search.analysis.judge import judge
from mtl_search.analysis.verdict import Verdict
from mtl_search.config import Config, override
from mtl_search.metrics.objective import ObjectiveFunction
from mtl_search.search.context import SweepContext
from mtl_search.search.sweep import SweepSession
from mtl_search.search.trial_log import TrialLog
from mtl_search.storage import item_values
from mtl_search.storage.arm_name import EQUAL, ArmName
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_report import TrialReport
from tests.benchmarks.planted_sets.engine import Engine, TrialRun
from tests.benchmarks.planted_sets.rows import PlantedSet
from tests.support.local_sweep import checked_sweep, run_trials

# A disk in memory, where there is one: the journal waits for the disk after each trial.
_MEMORY = Path("/dev/shm")


@dataclass(frozen=True)
class Interval:
    """An estimate with its interval."""

    mean: float
    low: float
    high: float


@dataclass(frozen=True)
class Part:
    """One network of several that stand together, or the only one: how to train it again."""

    config: Config
    objective: ObjectiveFunction


@dataclass(frozen=True)
class Answer:
    """What a sweep says, and what it took.

    Attributes:
        sharing: The verdict's words about sharing.
        weights: The verdict's words about searched weights.
        measure: What the intervals are differences of: `skill` or `delta_m`.
        intervals: What the recommended network is compared with, `single` or `twin` → the verdict's
            interval of the difference.
        networks: `recommended`, `equal`, `single` and `twin` → their parts, those of `single` one a
            main task.
        trials: Number of trials.
        epochs: Number of epochs of all trials.
        training_seconds: Time that the engine took.
        seconds: Time of the whole sweep.
    """

    sharing: str
    weights: str
    measure: str
    intervals: Mapping[str, Interval]
    networks: Mapping[str, Sequence[Part]]
    trials: int
    epochs: int
    training_seconds: float
    seconds: float


@dataclass
class Sweep:
    """A sweep while it runs.

    Attributes:
        context: What the parts of the product share.
        engine: Trains the trials.
        training_seconds: Time that the engine took so far.
    """

    context: SweepContext
    engine: Engine
    training_seconds: float = field(default=0.0)

    def answer(self, seconds: float) -> Answer:
        """Return what the verdict says of the finished sweep."""
        record = self.context.record
        verdict = judge(record, self.context.config, self.context.directory)
        return Answer(
            sharing=verdict.outcome,
            weights=verdict.weights_outcome,
            measure=verdict.measure,
            intervals=_intervals(verdict),
            networks=self._networks(verdict),
            trials=len(list(record)),
            epochs=sum(trial.last_epoch for trial in record),
            training_seconds=self.training_seconds,
            seconds=seconds,
        )

    def train(self, record: TrialRecord, spec: TrialSpec, log: TrialLog) -> None:
        """Train a trial to its end by the engine."""
        began = time.perf_counter()
        run = self.engine.begin(spec.config, spec.seed, spec.objective)
        epochs = range(spec.config.training.epochs)
        reports = [_report(run, run.run_epoch(), spec) for _ in epochs]
        test: dict[str, float] = {}
        items = ""
        if spec.test:
            run.keep_best()
            test = run.test_metrics()
            items = item_values.encode(run.test_items())
        self.training_seconds += time.perf_counter() - began
        for report in reports:
            log.epoch(record, report)
        log.end(record, "COMPLETE", "", test, items)

    def _networks(self, verdict: Verdict) -> dict[str, Sequence[Part]]:
        """Return how to train again what the verdict is about."""
        winners = verdict.winners
        assert verdict.recommended is not None
        recommended = self._part(verdict.recommended.origin)
        # What has an identity as its first stage shares nothing as it is.
        depth = 1 if recommended.config.model.backbone.name != "mlp" else 0
        twin = override(recommended.config, {"model.sharing.depth": depth})
        main_tasks = self.context.config.main_tasks
        return {
            "recommended": [recommended],
            "equal": [self._part(winners[EQUAL].origin)],
            "single": [self._part(winners[ArmName.single(task)].origin) for task in main_tasks],
            "twin": [Part(twin, recommended.objective)],
        }

    def _part(self, trial_id: str) -> Part:
        context = self.context
        trial = context.record.trials[trial_id]
        config = context.arms[trial.arm.base].config(context.config, trial.overrides)
        return Part(config, context.objectives.objective(trial.arm))


def run_sweep(planted: PlantedSet) -> Answer:
    """Run the sweep of a planted set to its end, and return its answer.

    Args:
        planted: The data set with its config.
    """
    began = time.perf_counter()
    if planted.config.search.scheduler.name != "fifo":
        raise ValueError("the engine trains every trial to its end: search.scheduler must be fifo")
    memory = _MEMORY if _MEMORY.is_dir() else None
    with tempfile.TemporaryDirectory(prefix="planted-", dir=memory) as name:
        checked = checked_sweep(planted.config, Path(name) / "sweep", planted.data())
        with SweepSession.open_folder(checked) as session:
            sweep = Sweep(session.context, Engine(checked.data))
            run_trials(session, sweep.train)
            return sweep.answer(time.perf_counter() - began)


def _report(run: TrialRun, metrics: Mapping[str, float], spec: TrialSpec) -> TrialReport:
    """Return an epoch as the product's trainer reports it."""
    config = spec.config
    depth = config.model.sharing.arguments.get("depth", len(run.network.widths) - 2)
    done = run.epoch == config.training.epochs
    return TrialReport(
        epoch=run.epoch,
        metrics=metrics,
        objective=run.best,
        state="COMPLETE" if done else "RUNNING",
        info={
            "parameters": len(run.network.parameters_P),
            "depth": depth,
            "weights": {task: settings.loss_weight for task, settings in config.tasks.items()},
            "lr": config.training.optimizer.arguments["lr"],
            "tasks": list(config.tasks),
        },
    )


def _intervals(verdict: Verdict) -> dict[str, Interval]:
    compared = {"single": verdict.sharing, "twin": verdict.twin}
    return {name: _interval(c) for name, c in compared.items() if c is not None}


def _interval(comparison: Comparison) -> Interval:
    assert comparison.interval is not None
    return Interval(comparison.gain.mean, *comparison.interval)
