"""One Optuna study an arm, through Ray's `OptunaSearch`, with the states that Ray does not tell Optuna.

Ray tells COMPLETE for trials that a scheduler stopped and leaves trials with a NaN result running for ever
(`ray/tune/search/optuna/optuna_search.py`, `on_trial_complete`); here a stopped trial is PRUNED and a failed one FAIL.
The sampler is seeded anew for each trial by its number, so that what is drawn depends on the history alone: a sweep
that was interrupted and resumed draws what it would have drawn without the interruption.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import optuna
from optuna.distributions import distribution_to_json, json_to_distribution
from optuna.samplers import BaseSampler
from optuna.trial import TrialState, create_trial
from ray.tune.search.optuna import OptunaSearch

from mtl_search.search.space.space import allow_any_choice
from mtl_search.storage.records import TrialRecord
from mtl_search.training.trial_report import METRIC

_STATES = {"COMPLETE": TrialState.COMPLETE, "PRUNED": TrialState.PRUNED, "FAIL": TrialState.FAIL}


class ArmStudy(OptunaSearch):
    """The study of one arm; higher objectives are better.

    Args:
        name: Of the arm.
        space: Define-by-run function that draws the params of a trial.
        sampler: Makes a sampler from a seed.
        seed: Of the arm.
    """

    _ot_study: Any  # optuna.Study; Ray declares None and sets it in its own __init__

    def __init__(
        self,
        name: str,
        space: Callable[[Any], dict[str, Any] | None],
        sampler: Callable[[int], BaseSampler],
        seed: int,
    ) -> None:
        super().__init__(
            space=space, metric=METRIC, mode="max", sampler=sampler(seed), study_name=name
        )
        self._make_sampler = sampler
        self._arm_seed = seed
        self._reported: dict[str, set[int]] = {}

    def ask(
        self, trial_id: str, number: int
    ) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]]:
        """Draw the params of a new trial.

        Returns:
            What the trial is to use by dotted path, the params that Optuna drew, and their distributions as JSON.
        """
        self._ot_study.sampler = self._make_sampler((self._arm_seed + number) % 2**32)
        values = dict(self.suggest(trial_id) or {})
        drawn = self._ot_trials[trial_id]
        distributions = {name: distribution_to_json(d) for name, d in drawn.distributions.items()}
        return values, dict(drawn.params), distributions

    def enqueue(self, params: Mapping[str, Any]) -> None:
        """Let the next trial have these params; those left out are drawn."""
        if params:
            self._ot_study.enqueue_trial(dict(params))

    def report(self, trial_id: str, epoch: int, objective: float) -> None:
        """The objective after an epoch, best so far; an epoch that is reported again is ignored."""
        reported = self._reported.setdefault(trial_id, set())
        if epoch not in reported:
            reported.add(epoch)
            self._ot_trials[trial_id].report(objective, epoch)

    def finish(self, record: TrialRecord) -> None:
        """Tell Optuna how a trial ended."""
        state, value = _verdict(record, record.objective)
        self._ot_study.tell(self._ot_trials[record.id], value, state=state)
        self._completed_trials.add(record.id)
        self._forget(record.id)

    def restore_trial(self, record: TrialRecord, objectives: Mapping[int, float]) -> None:
        """Take in a trial of an earlier session, finished or not.

        Args:
            record: The trial.
            objectives: Epoch → objective, best so far, by the reference that holds now.
        """
        if not record.finished:
            self.enqueue(record.params_at(1))
            self.ask(record.id, record.number)
            for epoch, objective in objectives.items():
                self.report(record.id, epoch, objective)
            return
        state, value = _verdict(record, max(objectives.values(), default=None))
        with allow_any_choice():
            trial = create_trial(
                state=state,
                value=value,
                params=record.params_at(1),  # a member of a population may have gone on with others
                distributions={
                    name: json_to_distribution(text) for name, text in record.distributions.items()
                },
                intermediate_values=dict(objectives),
            )
            self._ot_study.add_trial(trial)
        self._completed_trials.add(record.id)

    def _forget(self, trial_id: str) -> None:
        """Optuna's storage keeps what matters of a trial that ended; the handle would only take memory."""
        self._ot_trials.pop(trial_id, None)
        self._reported.pop(trial_id, None)


def _verdict(record: TrialRecord, objective: float | None) -> tuple[TrialState, float | None]:
    """State and value as Optuna wants them; a trial that is complete and yet was worth nothing has failed."""
    state = _STATES[record.state]
    if state is TrialState.COMPLETE:
        return (state, objective) if objective is not None else (TrialState.FAIL, None)
    return state, None


def set_log_level() -> None:
    """Optuna's own log lines say what the progress display says already."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
