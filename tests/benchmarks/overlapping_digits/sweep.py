"""A sweep of the product in this process, without Ray.

`TrialQueue` chooses the trials and the product's `Trainer` trains them, one after another. The
folder is that of any sweep: it goes on where it was interrupted.
"""

from __future__ import annotations

import time
from contextlib import closing
from pathlib import Path

import torch

from mtl_search.config import Config
from mtl_search.data import DataSet
from mtl_search.data.datasets import load_data
from mtl_search.models.build import build_network
from mtl_search.search.arms import Arm, plan_arms
from mtl_search.search.checkpoint_retention import CheckpointRetention
from mtl_search.search.context import SweepContext
from mtl_search.search.objectives import ArmObjectives, task_metrics
from mtl_search.search.protocol.budget import trial_budget
from mtl_search.search.resume import prepare
from mtl_search.search.study import ArmStudies, set_log_level
from mtl_search.search.trial_log import TrialLog
from mtl_search.search.trial_queue import FINISHED, TrialQueue
from mtl_search.storage import sweep_directory
from mtl_search.storage.events import MetricScales, SweepCompleted, SweepStarted
from mtl_search.storage.journal import Journal
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.training.metric_scales import SweepScales, metric_scales
from mtl_search.training.trainer import Trainer
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_report import TrialReport

CPU = torch.device("cpu")


def run_sweep(config: Config, directory: Path) -> None:
    """Run a sweep to its end, or what is left of it.

    Args:
        config: Its config.
        directory: Its folder.

    Raises:
        ConfigError: The folder holds a sweep of another config.
        SweepError: Another process runs it.
    """
    set_log_level()
    torch.set_num_threads(1)
    with sweep_directory.locked(directory):
        resume = sweep_directory.holds_sweep(directory)
        prepare(directory, config, resume=resume)
        retention = CheckpointRetention(directory, config)
        with closing(Journal(directory / sweep_directory.JOURNAL, [retention])) as journal:
            if not journal.record.complete:
                _run(config, directory, journal)


def _run(config: Config, directory: Path, journal: Journal) -> None:
    data = load_data(config)
    metrics = task_metrics(config, build_network(config, data))
    scales = metric_scales(config, data, metrics)
    objectives = ArmObjectives(
        journal.record, metrics, kind=config.search.objective, scales=scales.values
    )
    context = SweepContext(config, directory, journal, objectives, arms=_arms(config))
    _write_start(context, scales)
    studies = ArmStudies(context)
    log = TrialLog(context, studies)
    queue = TrialQueue(context, studies, log)
    while (record := queue.next([])) is not FINISHED:
        assert isinstance(record, TrialRecord), "nothing runs, so there is nothing to wait for"
        _train(record, queue.spec(record), context, data, log)
    journal.write(SweepCompleted())


def _arms(config: Config) -> list[Arm]:
    """Return the arms of a sweep; without single-task arms nothing is claimed, so no twin runs."""
    arms = plan_arms(config)
    if "single" in config.search.arms:
        return arms
    return [arm for arm in arms if not arm.name.is_twin]


def _write_start(context: SweepContext, scales: SweepScales) -> None:
    config, journal = context.config, context.journal
    budget = trial_budget(config, context.arms.values())
    journal.write(SweepStarted(id=config.name, name=config.name, slots=1, budget=budget))
    if journal.record.scales != scales.values:
        journal.write(MetricScales(values=scales.values, excluded=scales.excluded))


def _train(
    record: TrialRecord, spec: TrialSpec, context: SweepContext, data: DataSet, log: TrialLog
) -> None:
    """Train a trial to its end."""
    began = time.perf_counter()
    trainer = Trainer(spec, data, CPU)
    report = _run_epoch(trainer, record, log)
    while report.state == "RUNNING":
        report = _run_epoch(trainer, record, log)
    log.end(record, "COMPLETE", report.reason, report.test, report.items)
    seconds = time.perf_counter() - began
    print(f"{context.config.name} {record.id}: {report.objective:.4f}, {seconds:.1f} s", flush=True)


def _run_epoch(trainer: Trainer, record: TrialRecord, log: TrialLog) -> TrialReport:
    report = trainer.run_epoch()
    log.epoch(record, report)
    return report
