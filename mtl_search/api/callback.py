"""The base class of users' code that follows a sweep."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

from mtl_search.storage.events import (
    EpochEnded,
    Event,
    SweepCompleted,
    SweepStarted,
    TrialEnded,
    TrialStarted,
)
from mtl_search.storage.journal import Observer
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord

logger = logging.getLogger(__name__)


class StopSweep(Exception):  # noqa: N818  (it is no error)
    """Raised by a callback that wants no further trials.

    Trials that run are finished. The reason is in the journal and in the report, and a resumed
    sweep goes on with what is left.

    Args:
        reason: Why, in a few words.
        finalists: Whether the best of each arm are still trained again, for the verdict; False
            begins nothing more.

    Examples:
        >>> import mtl_search
        >>> class GoodEnough(mtl_search.Callback):
        ...     def on_trial_end(self, trial):
        ...         if trial.arm == "search" and trial.best_objective > 0.9:
        ...             raise mtl_search.StopSweep("the objective has reached 0.9")
    """

    def __init__(self, reason: str, *, finalists: bool = True) -> None:
        super().__init__(reason)
        self.reason = " ".join(str(reason).split()) or "a callback has stopped the sweep"
        self.finalists = finalists


class Callback:
    """Base of classes that follow a sweep while it runs; override the methods that you need.

    A callback that raises `StopSweep` ends the sweep early. Any other exception in it is logged,
    and the sweep goes on.

    Examples:
        >>> import mtl_search
        >>> class Failures(mtl_search.Callback):
        ...     def on_trial_end(self, trial):
        ...         if trial.state == "FAIL":
        ...             print(trial.id, trial.reason)
        >>> mtl_search.run("configs/quickstart.yaml", callbacks=[Failures()])  # doctest: +SKIP
    """

    def on_sweep_start(self, record: SweepRecord) -> None:
        """Handle the start of a session, the first or a resumed one.

        Args:
            record: The sweep, which later events change in place.
        """

    def on_trial_start(self, trial: TrialRecord) -> None:
        """Handle the start of a trial.

        Args:
            trial: The trial.
        """

    def on_epoch_end(self, trial: TrialRecord) -> None:
        """Handle the end of an epoch.

        Args:
            trial: The trial, whose last epoch, `trial.epochs[-1]`, it is.
        """

    def on_trial_end(self, trial: TrialRecord) -> None:
        """Handle the end of a trial.

        Args:
            trial: The trial: `trial.state` says how it ended, `trial.reason` why it failed.
        """

    def on_event(self, event: Event, record: SweepRecord) -> None:
        """Handle every event of the journal, also those that have a method of their own.

        Args:
            event: The event, such as `mtl_search.storage.events.EpochEnded`.
            record: The sweep, to which the event has been applied.
        """

    def on_sweep_end(self, record: SweepRecord) -> None:
        """Handle the end of the sweep, when every arm has spent its budget.

        Args:
            record: The sweep.
        """

    def on_tracking_wait(self, sent: int, total: int) -> None:
        """Handle that the sweep has ended and MLflow has not got all of it, several times a second.

        Args:
            sent: Events that have been sent since the end.
            total: Events that were to be sent then.
        """


def tracking_notifier(callbacks: Iterable[Callback]) -> Callable[[int, int], None]:
    """Return a function of a wait's progress that calls the callbacks; none of them ends it."""
    working = list(callbacks)

    def notify(sent: int, total: int) -> None:
        for callback in list(working):
            if not _told(callback, sent, total):
                working.remove(callback)

    return notify


def _told(callback: Callback, sent: int, total: int) -> bool:
    try:
        callback.on_tracking_wait(sent, total)
    except Exception:
        logger.exception("the callback %s failed", type(callback).__name__)
        return False
    return True


def notifier(callback: Callback) -> Observer:
    """Return a journal observer that calls the methods of a callback."""

    def notify(event: Event, record: SweepRecord) -> None:
        def call(method: Callable[..., None], *arguments: Any) -> None:
            _call(callback, record, method, *arguments)

        call(callback.on_event, event, record)
        match event:
            case SweepStarted():
                call(callback.on_sweep_start, record)
            case TrialStarted():
                call(callback.on_trial_start, record.trials[event.id])
            case EpochEnded():
                call(callback.on_epoch_end, record.trials[event.id])
            case TrialEnded():
                call(callback.on_trial_end, record.trials[event.id])
            case SweepCompleted():
                call(callback.on_sweep_end, record)

    return notify


def _call(
    callback: Callback, record: SweepRecord, method: Callable[..., None], *arguments: Any
) -> None:
    try:
        method(*arguments)
    except StopSweep as stop:  # the sweep looks at it before the next trial begins
        asked = record.stop_asked
        finalists = stop.finalists and (asked is None or asked[1])
        if asked is None or asked[1] != finalists:
            record.stop_asked = (stop.reason, finalists)
    except Exception:
        logger.exception("the callback %s failed; the sweep goes on", type(callback).__name__)
