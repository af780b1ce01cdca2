"""A sweep of the product in this process; its folder is that of any sweep, and it goes on there."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from mtl_search.config import Config
from mtl_search.search.sweep import SweepSession
from mtl_search.storage.trial_record import TrialRecord
from tests.support.local_sweep import RunnerTraining, checked_sweep, run_trials


def run_sweep(config: Config, directory: Path) -> None:
    """Run a sweep to its end, or what is left of it.

    Args:
        config: Its config.
        directory: Its folder.

    Raises:
        ConfigError: The folder holds a sweep of another config.
        SweepError: Another process runs it.
    """
    sweep = checked_sweep(config, directory)
    if "single" not in config.search.arms:  # nothing is claimed of it, so no twin runs
        sweep = replace(sweep, arms=[arm for arm in sweep.arms if not arm.name.is_twin])

    def tell(trial: TrialRecord) -> None:
        line = f"{trial.best_objective:.4f}, {trial.seconds:.1f} s"
        print(f"{config.name} {trial.id}: {line}", flush=True)

    with SweepSession.open_folder(sweep) as session:
        run_trials(session, RunnerTraining(sweep.data, tell))
