"""A sweep of the product in this process, without Ray.

`TrialQueue` chooses the trials and the product's `Trainer` trains them, one after another. The
folder is that of any sweep: it goes on where it was interrupted.

N test items
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import torch

from mtl_search.config import Config
from mtl_search.data import DataSet
from mtl_search.data.datasets import load_data
from mtl_search.data.types import Array
from mtl_search.metrics.item_values import item_values as values_by_item
from mtl_search.models.build import build_network
from mtl_search.search.arms import Arm, plan_arms, trial_budget
from mtl_search.search.checkpoint_retention import CheckpointRetention
from mtl_search.search.context import SweepContext
from mtl_search.search.objectives import ArmObjectives, task_metrics
from mtl_search.search.resume import prepare
from mtl_search.search.study import ArmStudies, set_log_level
from mtl_search.search.trial_log import TrialLog
from mtl_search.search.trial_queue import FINISHED, TrialQueue
from mtl_search.storage import item_values, sweep_directory
from mtl_search.storage.events import MetricScales, SweepCompleted, SweepStarted
from mtl_search.storage.journal import Journal
from mtl_search.storage.records import TrialRecord
from mtl_search.training.metric_scales import SweepScales, metric_scales
from mtl_search.training.trainer import Trainer
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_report import TrialReport

CPU = torch.device("cpu")
# Test items that run through a network at a time.
_CHUNK = 1000


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
    if spec.test:  # the report has given the network the parameters of its best epoch
        arrays = dict(_test_items(trainer, data))
        item_values.write(context.directory, record.id, item_values.encode(arrays))
    log.end(record, "COMPLETE", report.reason, report.test)
    seconds = time.perf_counter() - began
    print(f"{context.config.name} {record.id}: {report.objective:.4f}, {seconds:.1f} s", flush=True)


def _run_epoch(trainer: Trainer, record: TrialRecord, log: TrialLog) -> TrialReport:
    report = trainer.run_epoch()
    log.epoch(record, report)
    return report


def _test_items(trainer: Trainer, data: DataSet) -> Iterator[tuple[str, Array]]:
    """Yield `<task>/<metric>` and its values by test item (N,)."""
    network, rows_N = trainer.network, torch.from_numpy(data.splits["test"])
    network.eval()
    views = {view: torch.from_numpy(x[data.splits["test"]]) for view, x in data.inputs.items()}
    with torch.inference_mode():
        chunks = [
            network({view: x[rows] for view, x in views.items()})
            for rows in torch.arange(len(rows_N)).split(_CHUNK)
        ]
    for task, head in network.heads.items():
        target = data.targets[network.target_names[task]]
        prediction = head.predict(torch.cat([chunk[task] for chunk in chunks]))
        labels = torch.from_numpy(target.values)[rows_N]
        for metric in trainer.evaluator.metric_names[task]:
            yield (
                f"{task}/{metric}",
                values_by_item(
                    metric, prediction, labels, target.kind, target.size, names=target.classes
                ).astype("float32"),
            )
