"""Trials of the journal as Optuna's."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from optuna.distributions import json_to_distribution
from optuna.trial import FrozenTrial, TrialState

from mtl_search.search.space.space import allow_any_choice
from mtl_search.storage.trial_record import TrialRecord


def trial_state(record: TrialRecord, best: float | None) -> TrialState:
    """Return the state of a trial in Optuna's terms.

    Args:
        record: The trial.
        best: Its best objective; one that is complete without any counts as failed.
    """
    state = TrialState[record.state]
    return TrialState.FAIL if state is TrialState.COMPLETE and best is None else state


def frozen_trial(
    record: TrialRecord,
    objectives: Mapping[int, float] | None = None,
    user_attrs: Mapping[str, Any] | None = None,
) -> FrozenTrial:
    """Return a trial as Optuna would have it, had it run the trial itself.

    A trial that the scheduler stopped has the value of its last epoch, as `Study.tell` sets it; one
    that failed has none, and one that is complete without an objective counts as failed. Params are
    those that it began with: a member of a population may have gone on with others. Only what was
    drawn has a distribution, and Optuna knows no params without one.

    Args:
        record: The trial.
        objectives: Epoch → best objective so far. Default: those of the journal.
        user_attrs: What Optuna is to keep with it.
    """
    if objectives is None:
        objectives = {epoch.epoch: epoch.best_objective for epoch in record.epochs}
    best = max(objectives.values(), default=None)
    state = trial_state(record, best)
    has_value = state in (TrialState.COMPLETE, TrialState.PRUNED)
    with allow_any_choice():
        distributions = {
            path: json_to_distribution(text) for path, text in record.distributions.items()
        }
    params = record.params_at(1)
    return FrozenTrial(
        number=record.number,
        trial_id=record.number,
        state=state,
        value=best if has_value else None,
        datetime_start=_local_time(record.started),
        datetime_complete=_local_time(record.ended) if record.finished else None,
        params={path: params[path] for path in distributions},
        distributions=distributions,
        user_attrs=dict(user_attrs or {}),
        system_attrs={},
        intermediate_values=dict(objectives),
    )


def _local_time(seconds: float) -> datetime:
    """Return a time as Optuna has them: local, without a zone."""
    return datetime.fromtimestamp(seconds, timezone.utc).astimezone().replace(tzinfo=None)
