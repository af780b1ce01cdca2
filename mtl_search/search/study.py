"""One Optuna study an arm, through Ray's `OptunaSearch`, with the states that Ray keeps to itself.

Ray tells Optuna COMPLETE for trials that a scheduler stopped and leaves trials with a NaN result
running for ever (`ray/tune/search/optuna/optuna_search.py`, `on_trial_complete`); here a stopped
trial is PRUNED and a failed one FAIL. The sampler is seeded anew for each trial by its number, so
that draws depend on the history alone: a sweep that was interrupted and resumed draws what it would
have drawn without the interruption.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import optuna
from optuna.distributions import distribution_to_json
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import TrialState, create_trial
from ray.tune.search.optuna import OptunaSearch

from mtl_search.search.arms import trial_seed
from mtl_search.search.context import SweepContext
from mtl_search.search.samplers import build_sampler
from mtl_search.search.space.arm_space import Draw, KnownPoint, initial_params
from mtl_search.search.space.space import allow_any_choice
from mtl_search.search.studies.tpe import IncrementalTPESampler
from mtl_search.search.studies.trials import frozen_trial, trial_state
from mtl_search.storage.arm_name import EQUAL, SEARCH
from mtl_search.storage.trial_record import TrialRecord
from mtl_search.training.trial_report import METRIC

# Classes derived from these, as users have them, may do anything.
_TPE = (IncrementalTPESampler, TPESampler)


class ArmStudy(OptunaSearch):
    """Draw the params of an arm's trials; higher objectives are better.

    Args:
        name: Name of the arm.
        space: A define-by-run function that draws the params of a trial.
        sampler: Makes a sampler from a seed.
        seed: Seed of the arm.
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
        self._history = 0  # trials of other arms

    def ask(self, trial_id: str, number: int) -> Draw:
        """Draw the params of a new trial.

        Args:
            trial_id: Id of the trial.
            number: Its number in the arm.
        """
        sampler = self._make_sampler((self._arm_seed + number) % 2**32)
        _keep_history(self._ot_study.sampler, sampler)
        self._ot_study.sampler = sampler
        values = dict(self.suggest(trial_id) or {})
        trial = self._ot_trials[trial_id]
        distributions = {}
        for name, distribution in trial.distributions.items():
            distributions[name] = distribution_to_json(distribution)
        return Draw(values, dict(trial.params), distributions)

    def is_startup(self, number: int) -> bool:
        """Return whether the draw of a trial depends on no result.

        Args:
            number: The trial's number in the arm.
        """
        sampler = self._ot_study.sampler
        if type(sampler) is RandomSampler:
            return True
        if type(sampler) not in _TPE:
            return False
        # Ours is seeded by the trial's number; below that many trials it draws at random.
        startup: int = sampler._n_startup_trials  # noqa: SLF001
        return self._history + number < startup

    def enqueue(self, params: Mapping[str, Any]) -> None:
        """Let the next trial have these params; those left out are drawn."""
        if params:
            self._ot_study.enqueue_trial(dict(params))

    def report(self, trial_id: str, epoch: int, objective: float) -> None:
        """Tell Optuna the best objective so far; an epoch that is reported again is ignored."""
        reported = self._reported.setdefault(trial_id, set())
        if epoch not in reported:
            reported.add(epoch)
            self._ot_trials[trial_id].report(objective, epoch)

    def finish(self, record: TrialRecord) -> None:
        """Tell Optuna how a trial ended."""
        state = trial_state(record, record.objective)
        value = record.objective if state is TrialState.COMPLETE else None
        self._ot_study.tell(self._ot_trials[record.id], value, state=state)
        self._completed_trials.add(record.id)
        self._forget(record.id)

    def restore_trial(self, record: TrialRecord, objectives: Mapping[int, float]) -> None:
        """Take in a trial of an earlier session, finished or not.

        Args:
            record: The trial.
            objectives: Epoch → best objective so far, by the reference that holds now.
        """
        if not record.finished:
            self.enqueue(record.params_at(1))
            self.ask(record.id, record.number)
            for epoch, objective in objectives.items():
                self.report(record.id, epoch, objective)
            return
        with allow_any_choice():
            self._ot_study.add_trial(frozen_trial(record, objectives))
        self._completed_trials.add(record.id)

    def add_history(self, record: TrialRecord, points: KnownPoint, objective: float) -> None:
        """Take in a trial of another arm, which is a point of this arm's space, too.

        Args:
            record: The trial, which has ended.
            points: Its params in this space.
            objective: Its best objective.
        """
        self._history += 1
        with allow_any_choice():
            self._ot_study.add_trial(
                create_trial(
                    state=TrialState.COMPLETE,
                    value=objective,
                    params=dict(points.params),
                    distributions=dict(points.distributions),
                    user_attrs={"trial": record.id},
                )
            )

    def _forget(self, trial_id: str) -> None:
        """Drop the handle of a trial that ended; Optuna's storage keeps what matters of it."""
        self._ot_trials.pop(trial_id, None)
        self._reported.pop(trial_id, None)


class ArmStudies:
    """Make the studies of a sweep's arms, each with the journal's trials in it when first needed.

    Args:
        context: The objects that the parts of a session share.
    """

    def __init__(self, context: SweepContext) -> None:
        self._context = context
        self._studies: dict[str, ArmStudy] = {}

    def of(self, arm: str) -> ArmStudy:
        """Return the study of an arm, which is made when it is first asked for."""
        if arm not in self._studies:
            self._studies[arm] = self._restored(arm)
        return self._studies[arm]

    def _restored(self, arm: str) -> ArmStudy:
        config = self._context.config
        sampler = partial(build_sampler, config.search.sampler)
        study = ArmStudy(arm, self._context.spaces[arm], sampler, trial_seed(config.seed, arm, 0))
        has_history = arm == SEARCH and self._add_equal_trials(study)
        begun = [trial for trial in self._context.record.arm(arm) if trial.is_sampled]
        for record in begun:
            study.restore_trial(record, self._context.objectives.best_so_far_by_epoch(record))
        if arm == SEARCH:
            points = initial_params(
                config,
                self._context.journal,
                self._context.spaces[arm],
                equal_weights=not has_history or self._began_with_equal_weights(begun),
            )
            for params in points[len(begun) :]:
                study.enqueue(params)
        return study

    def _began_with_equal_weights(self, begun: Sequence[TrialRecord]) -> bool:
        """Return whether equal weights were tried first, as in sweeps of earlier versions.

        The points follow them there, so that the n-th trial has the point before the n-th.
        """
        equal = self._context.spaces[SEARCH].equal_weights()
        points = self._context.record.initial_points
        if not (begun and equal) or (points and len(set(points[0].values())) == 1):
            return False
        return equal.items() <= begun[0].params.items()

    def _add_equal_trials(self, study: ArmStudy) -> bool:
        """Let the search begin with what equal weights have found; return whether it does.

        A trial of the equal arm is a point of the search space. An arm that did not know these
        points would spend its trials on finding them again, and end behind equal weights.
        """
        context = self._context
        space = context.spaces[SEARCH]
        added = False
        for record in context.record.arm(EQUAL):
            objective = context.objectives.best(record)
            if not (record.is_result and record.is_sampled) or objective is None:
                continue
            trained = context.arms[EQUAL].config(context.config, record.overrides)
            point = space.known_point(record.params, trained)
            if point is not None:
                study.add_history(record, point, objective)
                added = True
        return added


def _keep_history(old: BaseSampler, new: BaseSampler) -> None:
    """Let a TPE sampler go on with what the one before knows of the study's trials.

    Optuna means a sampler to stay with its study: a new one reads all trials, which by the 2,000th
    trial takes longer than all else of a draw.
    """
    if type(old) in _TPE and type(new) in _TPE:
        for name in ("_search_space", "_group_decomposed_search_space", "_history"):
            if hasattr(old, name) and hasattr(new, name):
                setattr(new, name, getattr(old, name))


def set_log_level() -> None:
    """Silence Optuna's own log lines, which repeat the progress display."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
