"""The finalists that version 0.1 would have compared: few trials, the luckiest one, three seeds.

Single-task arms shared the budget of one arm, nobody was offered what others had found, and the
best trial of each arm, by its one validation value, was the finalist. These are trials of the sweep
at hand, cut down to that budget, and trained on three further seeds. Only the search arm is better
off than it was then: its study knows the trials of the equal arm.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from mtl_search.analysis.comparison import Run, Runs
from mtl_search.config import Config
from mtl_search.data import DataSet
from mtl_search.metrics.objective import Objective
from mtl_search.search.arms import plan_arms
from mtl_search.storage import atomic
from mtl_search.storage.arm_name import SEARCH, ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.training.runner import TrialRunner
from mtl_search.training.trial import TrialSpec

SEEDS = 3
FILE = "old_budget.json"

_STREAM = 0x6F6C64  # apart from the seeds of all trials

Metrics = dict[str, float]


def old_finalists(record: SweepRecord, config: Config) -> dict[ArmName, TrialRecord]:
    """Return the trial whose configuration each arm would have gone on with.

    Args:
        record: The sweep's record.
        config: Its config.
    """
    total, tasks = config.search.trials, list(config.main_tasks)
    budgets = {
        ArmName.single(task): max(1, total // len(tasks) + (number < total % len(tasks)))
        for number, task in enumerate(tasks)
    }
    return {
        arm: max(_first(record, arm, budget), key=lambda trial: trial.best_objective)
        for arm, budget in {**budgets, SEARCH: total}.items()
    }


def train_old_finalists(
    record: SweepRecord, config: Config, data: DataSet, directory: Path
) -> None:
    """Train them, and keep their test metrics in the sweep's folder; those that are there stay.

    Args:
        record: The sweep's record.
        config: Its config.
        data: The data set.
        directory: The sweep's folder.
    """
    tests = _read(directory)
    runner = TrialRunner(data, threads=1)
    for arm, trial in old_finalists(record, config).items():
        for number in range(SEEDS):
            key = f"{arm} {number}"
            if key not in tests:
                tests[key] = _test_metrics(runner, record, config, trial, number)
                with atomic.replace_file(directory / FILE) as new_file:
                    new_file.write_text(json.dumps(tests), encoding="utf-8")


def old_runs(directory: Path, config: Config) -> tuple[Runs, Runs]:
    """Return the runs of the search arm's network, and those of the single-task networks together.

    Args:
        directory: The sweep's folder.
        config: The sweep's config.
    """
    tests = _read(directory)
    shared = {number: Run(tests[f"{SEARCH} {number}"]) for number in range(SEEDS)}
    single = {}
    for number in range(SEEDS):
        arms = [ArmName.single(task) for task in config.main_tasks]
        by_task = [tests[f"{arm} {number}"] for arm in arms]
        single[number] = Run({key: value for test in by_task for key, value in test.items()})
    return shared, single


def _first(record: SweepRecord, arm: ArmName, budget: int) -> list[TrialRecord]:
    """Return the first trials of an arm that were drawn for it."""
    trials = [trial for trial in record.arm(arm) if trial.is_result and trial.is_sampled]
    return trials[:budget]


def _test_metrics(
    runner: TrialRunner, record: SweepRecord, config: Config, trial: TrialRecord, number: int
) -> Metrics:
    arms = {arm.name: arm for arm in plan_arms(config)}
    trial_config = arms[trial.arm].config(config, trial.overrides)
    tasks = {task: trial_config.tasks[task].metrics for task in trial_config.main_tasks}
    seed = int(np.random.SeedSequence([config.seed, _STREAM, number]).generate_state(1)[0])
    folder = Path(tempfile.mkdtemp(prefix="old-budget-"))
    try:
        objective = Objective(tasks, "skill", scales=record.scales)
        runner.setup(TrialSpec(trial.id, trial_config, seed, objective, str(folder), test=True))
        report = runner.train_until(trial_config.training.epochs)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return dict(report.test)


def _read(directory: Path) -> dict[str, Metrics]:
    path = directory / FILE
    if not path.exists():
        return {}
    tests: Mapping[str, Metrics] = json.loads(path.read_text(encoding="utf-8"))
    return dict(tests)
