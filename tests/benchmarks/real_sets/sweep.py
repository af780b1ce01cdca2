"""The product's own sweep of a case, in this process and without Ray.

`TrialQueue` chooses the trials, `TrialRunner` trains them one after another, `TrialLog` writes them
to the journal in the sweep's folder. So a sweep that was interrupted goes on where it ended.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

from mtl_search.config import Config
from mtl_search.data import DataSet
from mtl_search.data.datasets.build import load_data
from mtl_search.search.arms import plan_arms
from mtl_search.search.baselines.scoring import write_baselines
from mtl_search.search.checkpoint_retention import CheckpointRetention
from mtl_search.search.context import SweepContext
from mtl_search.search.objectives import ArmObjectives, task_metrics
from mtl_search.search.preflight import check_sweep
from mtl_search.search.protocol.budget import trial_budget
from mtl_search.search.resume import prepare
from mtl_search.search.study import ArmStudies, set_log_level
from mtl_search.search.trial_log import TrialLog
from mtl_search.search.trial_queue import FINISHED, TrialQueue
from mtl_search.storage import sweep_directory
from mtl_search.storage.events import MetricScales, SweepCompleted, SweepStarted
from mtl_search.storage.journal import Journal
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.training.metric_scales import metric_scales
from mtl_search.training.runner import TrialRunner
from mtl_search.training.trial import TrialSpec
from tests.benchmarks.real_sets.old_budget import train_old_finalists

Tell = Callable[[SweepRecord], None]


@dataclass
class Sweep:
    """A sweep while it runs.

    Attributes:
        context: What the parts of the product share.
        data: The data set.
        tell: Called with the record after each trial.
    """

    context: SweepContext
    data: DataSet
    tell: Tell

    def run(self) -> None:
        """Run trials until the queue has none left."""
        context = self.context
        studies = ArmStudies(context)
        log = TrialLog(context, studies)
        queue = TrialQueue(context, studies, log)
        runner = TrialRunner(self.data, threads=1)
        while (record := queue.next([])) is not FINISHED:
            assert isinstance(record, TrialRecord), "nothing runs, so there is nothing to wait for"
            _train(runner, record, queue.spec(record), log)
            self.tell(context.record)
        context.journal.write(SweepCompleted())


def run_sweep(config: Config, directory: Path, tell: Tell) -> SweepRecord:
    """Run the sweep in a folder to its end; go on with it where the folder holds one.

    Args:
        config: The sweep's config.
        directory: The sweep's folder.
        tell: Called with the record after each trial.

    Returns:
        The record of its trials.
    """
    set_log_level()
    data = load_data(config)
    metrics = task_metrics(config, check_sweep(config, data))
    with sweep_directory.locked(directory), _journal(config, directory) as journal:
        write_baselines(journal, config, data, metrics)
        if not journal.record.complete:
            objectives = _begin(config, data, journal, metrics)
            context = SweepContext(config, directory, journal, objectives, arms=plan_arms(config))
            Sweep(context, data, tell).run()
        train_old_finalists(journal.record, config, data, directory)
        return journal.record


@contextmanager
def _journal(config: Config, directory: Path) -> Iterator[Journal]:
    prepare(directory, config, resume=sweep_directory.holds_sweep(directory))
    retention = CheckpointRetention(directory, config)
    journal = Journal(directory / sweep_directory.JOURNAL, [retention])
    with closing(journal):
        retention.clean_up_finished(journal.record)
        yield journal


def _begin(
    config: Config, data: DataSet, journal: Journal, metrics: Mapping[str, tuple[str, ...]]
) -> ArmObjectives:
    """Write what stands at the beginning of a session, and return the objectives."""
    record = journal.record
    budget = trial_budget(config, plan_arms(config))
    identity = record.id or config.name
    journal.write(SweepStarted(id=identity, name=config.name, slots=1, budget=budget))
    scales = metric_scales(config, data, metrics)
    if (record.scales, record.excluded_metrics) != (scales.values, scales.excluded):
        journal.write(MetricScales(values=scales.values, excluded=scales.excluded))
    return ArmObjectives(record, metrics, kind=config.search.objective, scales=scales.values)


def _train(runner: TrialRunner, record: TrialRecord, spec: TrialSpec, log: TrialLog) -> None:
    """Train a trial to its end, and write down its epochs and its end."""
    runner.setup(spec)
    epoch = 0
    while True:
        try:
            report = runner.train_until(epoch + 1)
        except Exception as error:  # noqa: BLE001  # as in a slot: it belongs to the trial
            report = runner.failure(error)
        log.epoch(record, report)
        epoch = report.epoch
        if report.state != "RUNNING":
            break
    assert report.state != "PAUSED", "there are no populations here"
    log.end(record, report.state, report.reason, report.test, report.items)
