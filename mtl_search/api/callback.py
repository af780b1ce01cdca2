"""Code of the user's that is told what happens in a sweep."""

from __future__ import annotations

import logging

from mtl_search.storage.events import (
    EpochEnded,
    Event,
    SweepCompleted,
    SweepStarted,
    TrialEnded,
    TrialStarted,
)
from mtl_search.storage.journal import Observer
from mtl_search.storage.records import SweepRecord, TrialRecord

logger = logging.getLogger(__name__)


class Callback:
    """Told what happens in a sweep; override what you need. An exception in a callback is logged, the sweep goes on."""

    def on_sweep_start(self, record: SweepRecord) -> None:
        """A session begins: the first, or a resume."""

    def on_trial_start(self, trial: TrialRecord) -> None:
        """A trial begins."""

    def on_epoch_end(self, trial: TrialRecord) -> None:
        """An epoch ended; it is `trial.epochs[-1]`."""

    def on_trial_end(self, trial: TrialRecord) -> None:
        """A trial ended: `trial.state` says how, `trial.reason` why it failed."""

    def on_sweep_end(self, record: SweepRecord) -> None:
        """Every arm has spent its budget."""


def notifier(callback: Callback) -> Observer:
    """A journal observer that calls the methods of a callback."""

    def notify(event: Event, record: SweepRecord) -> None:
        try:
            match event:
                case SweepStarted():
                    callback.on_sweep_start(record)
                case TrialStarted():
                    callback.on_trial_start(record.trials[event.id])
                case EpochEnded():
                    callback.on_epoch_end(record.trials[event.id])
                case TrialEnded():
                    callback.on_trial_end(record.trials[event.id])
                case SweepCompleted():
                    callback.on_sweep_end(record)
        except Exception:
            logger.exception("the callback %s failed; the sweep goes on", type(callback).__name__)

    return notify
