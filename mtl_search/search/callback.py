"""What Tune tells callbacks and not searchers: the last epoch of a trial, and why a process died."""

from __future__ import annotations

from typing import Any

from ray.tune import Callback
from ray.tune.experiment import Trial

from mtl_search.search.searcher import ArmSearcher
from mtl_search.training.trial import REPORT, Report


class Recorder(Callback):  # type: ignore[misc]
    """Passes epochs and crashes on to the searcher, which writes them to the journal."""

    def __init__(self, searcher: ArmSearcher) -> None:
        self._searcher = searcher

    def on_trial_result(
        self, iteration: int, trials: list[Trial], trial: Trial, result: dict[str, Any], **info: Any
    ) -> None:
        """An epoch ended."""
        self._searcher.record_epoch(trial.trial_id, Report.from_json(result[REPORT]))

    def on_trial_error(self, iteration: int, trials: list[Trial], trial: Trial, **info: Any) -> None:
        """The process of a trial died, or could not begin."""
        error = trial.get_pickled_error() or trial.get_error() or "for unknown reasons"
        self._searcher.record_crash(trial.trial_id, str(error).strip())
