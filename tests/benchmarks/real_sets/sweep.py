"""The product's own sweep of a case, in this process, and the finalists of the old rule."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mtl_search.config import Config
from mtl_search.search.sweep import SweepSession
from mtl_search.storage.records import SweepRecord
from tests.benchmarks.real_sets.old_budget import train_old_finalists
from tests.support.local_sweep import RunnerTraining, checked_sweep, run_trials


def run_sweep(config: Config, directory: Path, tell: Callable[[SweepRecord], None]) -> SweepRecord:
    """Run the sweep in a folder to its end; go on with it where the folder holds one.

    Args:
        config: The sweep's config.
        directory: The sweep's folder.
        tell: Called with the record after each trial.

    Returns:
        The record of its trials.
    """
    sweep = checked_sweep(config, directory)
    with SweepSession.open_folder(sweep) as session:
        record = session.record
        run_trials(session, RunnerTraining(sweep.data, lambda trial: tell(record)))
        train_old_finalists(record, config, sweep.data, directory)
        return record
