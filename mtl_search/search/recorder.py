"""A Tune callback for the two things that searchers are not told.

These are the last epoch of a trial, and the reason why a process died. It also lets go of what Tune
would keep of trials that have ended.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from ray.tune import Callback
from ray.tune.experiment import Trial

from mtl_search.search.schedulers.arm_scheduler import ArmScheduler
from mtl_search.search.searcher import ArmSearcher
from mtl_search.training.trial_report import of_result

_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class TrialRecorder(Callback):
    """Pass epochs and crashes on to the searcher, which writes them to the journal.

    Args:
        searcher: The searcher of this Tune run.
        scheduler: Its scheduler, which knows what members of a pack are stopped.
    """

    def __init__(self, searcher: ArmSearcher, scheduler: ArmScheduler) -> None:
        self._searcher = searcher
        self._scheduler = scheduler

    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **info: Any
    ) -> None:
        """Pass on an epoch that ended, of a trial or of the members of a pack."""
        stopped = self._scheduler.stopped(trial.trial_id)
        self._searcher.record_epoch(trial.trial_id, of_result(result), stopped)

    def on_trial_complete(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Drop the running means that Tune has of a trial's values, which nobody reads.

        Tune keeps its trials to the end of the sweep, and these are a third of their memory.
        """
        trial.metric_analysis.clear()
        trial.metric_n_steps.clear()

    def on_trial_error(
        self, iteration: int, trials: list[Trial], trial: Trial, **info: Any
    ) -> None:
        """Pass on that the process of a trial died, or could not start."""
        self._searcher.record_crash(trial.trial_id, _last_error(trial))


def _last_error(trial: Trial) -> str:
    """Return the error that Tune wrote down when the trial's process died.

    Tune's own `get_error` looks for it at a place to which the file is copied later.
    """
    if trial.error_file is None or not Path(trial.error_file).exists():
        return "Ray does not say why"
    failures = Path(trial.error_file).read_text(encoding="utf-8").split("Failure # ")
    # The first line is the number of the failure and the time.
    return _COLOURS.sub("", failures[-1].partition("\n")[2].strip())
