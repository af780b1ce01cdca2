"""Optuna's TPE without reading all trials of the study again for each draw.

`TPESampler` sorts the trials into good and bad ones anew for each value that it draws, and converts
their params to numbers anew, in Python; by the 5,000th trial that takes four fifths of a draw. A
trial that has ended never changes, so here its objective and its params are read once, into arrays.
What is drawn from them is computed by Optuna's own estimator, and is the same to the last bit.
"""

from __future__ import annotations

import bisect
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import optuna
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, CategoricalDistribution
from optuna.samplers import TPESampler
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

# Versions of Optuna whose draws are known to be met. Any other one draws by its own sampler.
KNOWN_OPTUNA = ("5.0.",)

_COMPLETE, _PRUNED = 1, 2

_Floats = NDArray[np.float64]
_Numbers = NDArray[np.int64]


def is_known_optuna() -> bool:
    """Return whether `IncrementalTPESampler` knows how the installed Optuna draws."""
    return optuna.__version__.startswith(KNOWN_OPTUNA)


class IncrementalTPESampler(TPESampler):
    """Draw what Optuna's `TPESampler` draws, and read each trial once.

    Args:
        arguments: Those of `TPESampler`, for one objective and without constraints.
    """

    def __init__(self, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._history: TrialHistory | None = None

    def _sample_relative(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        if not search_space or self._read(study).count < self._n_startup_trials:
            return {}
        return self._sample(study, trial, search_space)

    def sample_independent(
        self,
        study: Study,
        trial: FrozenTrial,
        param_name: str,
        param_distribution: BaseDistribution,
    ) -> Any:
        """Draw one value that is not in the space of all trials."""
        if self._read(study).count < self._n_startup_trials:
            return self._random_sampler.sample_independent(
                study, trial, param_name, param_distribution
            )
        return self._sample(study, trial, {param_name: param_distribution})[param_name]

    def _sample(
        self, study: Study, trial: FrozenTrial, search_space: dict[str, BaseDistribution]
    ) -> dict[str, Any]:
        history = self._read(study)
        if history.has_constraints:
            return super()._sample(study, trial, search_space)
        if self._gamma is None:
            self._gamma = optuna.samplers._tpe.sampler.default_gamma  # noqa: SLF001
        running = [
            (other.number, self._get_params(other, study))
            for other in history.running
            if other.number != trial.number
        ]
        below, above = history.split(self._gamma(history.count))
        estimators = [
            self._parzen_estimator_cls(
                observations, search_space, self._parzen_estimator_parameters
            )
            for observations in (
                history.observations(below, search_space),
                history.observations(above, search_space, running),
            )
        ]
        samples = estimators[0].sample(self._rng.rng, self._n_ei_candidates)
        values = self._compute_acquisition_func(samples, *estimators)
        best = self._compare(samples, values)
        return {
            name: distribution.to_external_repr(best[name])
            for name, distribution in search_space.items()
        }

    def _read(self, study: Study) -> TrialHistory:
        if self._history is None or not self._history.is_of(study):
            self._history = TrialHistory(study)
        self._history.update()
        return self._history


class TrialHistory:
    """Hold what TPE reads of a study's trials, by their numbers.

    Args:
        study: A study with one objective.

    Attributes:
        count: Number of trials that ended with a value or were pruned.
        running: The trials that run, by number.
        has_constraints: Whether a trial has constraints, which are not held here.
    """

    def __init__(self, study: Study) -> None:
        self.count = 0
        self.running: list[FrozenTrial] = []
        self.has_constraints = False
        self._study = study
        self._trials: list[FrozenTrial] = []
        self._unfinished: list[int] = []
        self._seen = 0
        self._finished: list[int] = []  # complete or pruned ones, in the order in which they ended
        self._states: NDArray[np.int8] = np.zeros(0, np.int8)
        # Two keys by which the trials of a state are sorted, the best first.
        self._steps: _Floats = np.zeros(0)
        self._losses: _Floats = np.zeros(0)
        self._columns: dict[str, _Column] = {}

    def is_of(self, study: Study) -> bool:
        """Return whether this is the history of a study."""
        return study is self._study

    def update(self) -> None:
        """Read the trials that have begun or ended since the last time."""
        self._trials = self._study._get_trials(deepcopy=False)  # noqa: SLF001
        total = len(self._trials)
        self._states = _grown(self._states, total)
        self._steps = _grown(self._steps, total)
        self._losses = _grown(self._losses, total)
        numbers = [*self._unfinished, *range(self._seen, total)]
        self._seen, self._unfinished, self.running = total, [], []
        for number in numbers:
            trial = self._trials[number]
            if not trial.state.is_finished():
                self._unfinished.append(number)
                if trial.state == TrialState.RUNNING:
                    self.running.append(trial)
            elif trial.state != TrialState.FAIL:
                self._take(trial)

    def split(self, below: int) -> tuple[_Numbers, _Numbers]:
        """Return the numbers of the best trials and of the others, each in ascending order.

        Args:
            below: How many are good at most.
        """
        total = len(self._trials)
        complete = np.flatnonzero(self._states[:total] == _COMPLETE)
        pruned = np.flatnonzero(self._states[:total] == _PRUNED)
        # Ties go to the trial that began first, as in Optuna's sort, which is stable.
        ranked = np.concatenate(
            [
                complete[np.argsort(self._losses[complete], kind="stable")],
                pruned[np.lexsort((self._losses[pruned], self._steps[pruned]))],
            ]
        )
        return np.sort(ranked[:below]), np.sort(ranked[below:])

    def observations(
        self,
        numbers: _Numbers,
        space: Mapping[str, BaseDistribution],
        running: Sequence[tuple[int, Mapping[str, Any]]] = (),
    ) -> dict[str, _Floats]:
        """Return the params of trials that have all of a space, as Optuna's estimator takes them.

        Args:
            numbers: The trials that have ended, in ascending order.
            space: Name → distribution.
            running: Number and params of trials that run.
        """
        values = np.array([self._column(name, kind)[numbers] for name, kind in space.items()])
        has_all = ~np.isnan(values).any(axis=0)
        if not has_all.all():
            values, numbers = values[:, has_all], numbers[has_all]
        for number, params in running:
            if space.keys() <= params.keys():
                place = bisect.bisect(numbers, number)
                own = [kind.to_internal_repr(params[name]) for name, kind in space.items()]
                values = np.insert(values, place, own, axis=1)
                numbers = np.insert(numbers, place, number)
        return dict(zip(space, values, strict=True))

    def _take(self, trial: FrozenTrial) -> None:
        sign = 1.0 if self._study.direction == StudyDirection.MINIMIZE else -1.0
        number = trial.number
        self.has_constraints = self.has_constraints or bool(trial.constraints)
        if trial.state == TrialState.COMPLETE:
            self._states[number] = _COMPLETE
            self._losses[number] = sign * float(trial.value or 0.0)
        else:
            self._states[number] = _PRUNED
            step, value = max(trial.intermediate_values.items(), default=(-1, 0.0))
            self._steps[number] = -step
            self._losses[number] = np.inf if np.isnan(value) else sign * value
        self._finished.append(number)
        self.count += 1

    def _column(self, name: str, kind: BaseDistribution) -> _Floats:
        column = self._columns.get(name)
        if column is None or not column.serves(kind):
            column = self._columns[name] = _Column(kind)
        column.values = _grown(column.values, len(self._trials), np.nan)
        for number in self._finished[column.read :]:
            params = self._trials[number].params
            if name in params:
                column.values[number] = kind.to_internal_repr(params[name])
        column.read = len(self._finished)
        return column.values


@dataclass
class _Column:
    """Hold one param of the trials as numbers; not a number where a trial has none.

    Attributes:
        kind: The distribution by which choices are numbered.
        values: Number of a trial → its value.
        read: How many trials that have ended were read.
    """

    kind: BaseDistribution
    values: _Floats = field(default_factory=lambda: np.zeros(0))
    read: int = 0

    def serves(self, kind: BaseDistribution) -> bool:
        """Return whether another distribution gives the same numbers."""
        if isinstance(kind, CategoricalDistribution):
            return kind is self.kind or kind == self.kind
        return not isinstance(self.kind, CategoricalDistribution)


def _grown(values: NDArray[Any], size: int, fill: float = 0) -> NDArray[Any]:
    """Return an array with room for so many values, where there is none with twice as much."""
    if len(values) >= size:
        return values
    more = np.full(max(size, 2 * len(values), 64) - len(values), fill, values.dtype)
    return np.concatenate([values, more])
