"""Ray Tune's median stopping rule, for trials that fail, die and are resumed."""

from __future__ import annotations

import math
from typing import Any

from ray.tune.schedulers import MedianStoppingRule

from mtl_search.training.trial_report import METRIC

_EPOCH = "epoch"


class MedianStopping(MedianStoppingRule):
    """Stop a trial whose best objective is below the median of the others' means up to its epoch.

    Source: Golovin et al., "Google Vizier: A Service for Black-Box Optimization", KDD 2017, section
    3.2.1.

    Where it differs from Ray's: it never pauses a trial to wait for others; an epoch that is
    reported again, by a trial whose process died or in a resumed sweep, replaces the earlier
    report; and the last report of a trial that failed, which has no objective, does not count.

    Args:
        grace_period: Epochs that every trial gets.
        min_samples_required: Number of other trials that must have got as far.
    """

    def __init__(self, grace_period: int, min_samples_required: int) -> None:
        super().__init__(
            time_attr=_EPOCH,
            metric=METRIC,
            mode="max",
            grace_period=grace_period,
            min_samples_required=min_samples_required,
            # No trial ever yields its place to others.
            min_time_slice=math.inf,  # type: ignore[arg-type]
        )

    def on_trial_result(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> str:
        """Return whether the trial goes on."""
        # In a resumed sweep the trials come one after another, not side by side as they ran: one
        # that went on then may be stopped here, and goes on all the same.
        self._stopped_trials.discard(trial)
        self._forget_from(trial, result[_EPOCH])
        return str(super().on_trial_result(tune_controller, trial, result))

    def on_trial_complete(self, tune_controller: Any, trial: Any, result: dict[str, Any]) -> None:
        """Count the last result, too."""
        if METRIC in result:
            self._forget_from(trial, result[_EPOCH])
            super().on_trial_complete(tune_controller, trial, result)

    def _forget_from(self, trial: Any, epoch: int) -> None:
        self._results[trial] = [
            earlier for earlier in self._results[trial] if earlier[_EPOCH] < epoch
        ]
