"""A sweep of the product in this process, without Ray: one trial after another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from mtl_search.config import Config
from mtl_search.data import DataSet
from mtl_search.search.request import CheckedSweep, SweepRequest, check_request
from mtl_search.search.study import ArmStudies, set_log_level
from mtl_search.search.sweep import SweepSession
from mtl_search.search.trial_log import TrialLog
from mtl_search.search.trial_queue import FINISHED, TrialQueue
from mtl_search.storage import sweep_directory
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.training.runner import TrialRunner
from mtl_search.training.trial import TrialSpec

# Trains a trial to its end, and writes its epochs and its end.
Train = Callable[[TrialRecord, TrialSpec, TrialLog], None]


def checked_sweep(config: Config, directory: Path, data: DataSet | None = None) -> CheckedSweep:
    """A sweep that can run, or go on where the folder holds one."""
    set_log_level()
    resume = sweep_directory.holds_sweep(directory)
    request = SweepRequest(config, directory, resume=resume, data=data, address="local")
    return check_request(request)


def run_trials(session: SweepSession, train: Train) -> None:
    """Run all trials that the session's queue has, unless the sweep is complete."""
    if session.record.complete:
        return
    session.write_start(slots=1)
    studies = ArmStudies(session.context)
    log = TrialLog(session.context, studies)
    queue = TrialQueue(session.context, studies, log)
    while (record := queue.next([])) is not FINISHED:
        assert isinstance(record, TrialRecord), "nothing runs, so there is nothing to wait for"
        train(record, queue.spec(record), log)
    session.write_end()


class RunnerTraining:
    """Train trials by the product's runner, as a slot does.

    Args:
        data: The data set.
        after_trial: Called with the record of each trial that has ended.
    """

    def __init__(
        self, data: DataSet, after_trial: Callable[[TrialRecord], None] = lambda trial: None
    ) -> None:
        self._runner = TrialRunner(data, threads=1)
        self._after_trial = after_trial

    def __call__(self, record: TrialRecord, spec: TrialSpec, log: TrialLog) -> None:
        self._runner.setup(spec)
        epoch = 0
        while True:
            try:
                report = self._runner.train_until(epoch + 1)
            except Exception as error:  # noqa: BLE001  # as in a slot: it belongs to the trial
                report = self._runner.failure(error)
            log.epoch(record, report)
            epoch = report.epoch
            if report.state != "RUNNING":
                break
        assert report.state != "PAUSED", "there are no populations here"
        log.end(record, report.state, report.reason, report.test, report.items)
        self._after_trial(record)
