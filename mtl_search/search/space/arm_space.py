"""The space that the trials of an arm are drawn from."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mtl_search.config import Config, SpaceEntry, paths, to_dict
from mtl_search.errors import MtlSearchError, SweepError
from mtl_search.search.arms import Arm, config_hash
from mtl_search.search.initial_points import resolve_points
from mtl_search.search.space.initial_params import WeightPoint, requested_weights
from mtl_search.search.space.space import Space, SpaceFunction
from mtl_search.search.space.trial_proxy import RestrictedTrial
from mtl_search.storage.events import InitialPointsResolved
from mtl_search.storage.journal import Journal


@dataclass(frozen=True)
class Draw:
    """Hold what was drawn for a trial.

    Attributes:
        values: Dotted path → value that the trial uses, constants of the user's function included.
        params: Dotted path → value that Optuna drew.
        distributions: Dotted path → the distribution that it was drawn from, as Optuna's JSON.
    """

    values: dict[str, Any]
    params: dict[str, Any]
    distributions: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class KnownPoint:
    """Hold a point of a space as Optuna takes it into a study.

    Attributes:
        params: Dotted path → value.
        distributions: Dotted path → Optuna's distribution.
    """

    params: dict[str, Any]
    distributions: dict[str, Any]


class ArmSpace:
    """Draw the values of an arm's trials from the config's space or from the user's function.

    The user's function serves every arm: it is called with a trial that keeps the arm's fixed
    values.

    Args:
        config: The sweep's config.
        arm: The arm.
        function: A function of the user's in place of the config's space.
    """

    def __init__(self, config: Config, arm: Arm, function: SpaceFunction | None) -> None:
        self._config = config
        self._arm = arm
        self._function = None if arm.name.is_warmup else function
        self._fixed = {task: settings.loss_weight for task, settings in config.tasks.items()}
        entries = arm.entries if self._function is None else {}
        self._space = Space(entries, arm.tasks, config.model_dump(by_alias=True, exclude_none=True))

    def __call__(self, trial: Any) -> dict[str, Any] | None:
        """Draw the values of a trial; return the constants that the user's function adds."""
        if self._function is None:
            self._space(trial)
            return None
        return self._call(trial)

    @property
    def entries(self) -> Mapping[str, SpaceEntry]:
        """Path → entry that the value is drawn from; a reference task's weight has none."""
        return self._space.entries

    def overrides(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Return config values by dotted path, without those that the arm keeps fixed."""
        free = {path: value for path, value in values.items() if not self._arm.fixes(path)}
        return self._space.overrides(free)

    def equal_weights(self) -> dict[str, float]:
        """Return the params that give every task the same weight."""
        return self._space.equal_weights()

    def params_of(self, weights: Mapping[str, float]) -> dict[str, Any]:
        """Return the params nearest to these loss weights."""
        point = WeightPoint(weights, self._fixed)
        if self._function is None:
            return point.params_for(self._space)
        return point.params_for_function(self._call)

    def known_point(self, params: Mapping[str, Any], trained: Config) -> KnownPoint | None:
        """Return a trial of another arm as a point of this space.

        None where no point of this space trains the same: some value lies outside of it, or the
        weights and the weighting of this arm are fixed and differ.

        Args:
            params: Dotted path → value that was drawn for the trial.
            trained: The config that it trained.
        """
        from optuna.trial import FixedTrial  # slow to import, and checks of a config draw nothing

        trial = FixedTrial({**_values_of(trained), **params})
        with warnings.catch_warnings():
            warnings.filterwarnings("error", ".*out of the range", UserWarning)
            try:
                constants = self(trial) or {}
                overrides = self.overrides({**constants, **trial.params})
                config = self._arm.config(self._config, overrides)
            except (ValueError, UserWarning, MtlSearchError):
                return None  # a value is missing, or outside of this space
        if config_hash(config) != config_hash(trained):
            return None
        return KnownPoint(dict(trial.params), dict(trial.distributions))

    def check_initial_points(self) -> None:
        """Refuse initial points where no loss weight is searched.

        Raises:
            ConfigError: No loss weight is searched.
            SweepError: The user's function failed.
        """
        paths = self._space.entries if self._function is None else requested_weights(self._call)
        WeightPoint(self._fixed, self._fixed).searched(paths)

    def _call(self, trial: Any) -> dict[str, Any] | None:
        assert self._function is not None
        try:
            values = self._function(RestrictedTrial(trial, self._arm.fixes))
        except MtlSearchError:
            raise
        except Exception as error:  # the user's function may raise anything
            raise SweepError(
                f"the space function failed for arm {self._arm.name}: {error!r}"
            ) from error
        if values is not None and not isinstance(values, dict):
            raise SweepError(
                f"the space function returned {values!r}; a dict of constants or None is needed"
            )
        return values


def _values_of(config: Config) -> dict[str, Any]:
    """Return the values of a config by dotted path; a component is there by its name, too."""
    tree = to_dict(config)
    values = paths.flatten(tree)
    for name in ("weighting", "aggregator"):
        component = tree["training"].get(name)
        is_plain = component is not None and set(component) == {"name"}
        values[f"training.{name}"] = component["name"] if is_plain else component
    return values


def initial_params(
    config: Config, journal: Journal, space: ArmSpace, *, equal_weights: bool
) -> list[dict[str, Any]]:
    """Return the params of the first trials of the search arm.

    These are equal weights, then the points of `search.initial_points`. The n-th trial takes the
    n-th, so a resumed sweep goes on behind those that have begun. The points are written to the
    journal once: an earlier sweep that one comes from may change, or be gone.

    Args:
        config: The sweep's config.
        journal: The sweep's journal.
        space: The space of the search arm.
        equal_weights: Whether equal weights are tried; not where the equal arm's trials are known.
    """
    if journal.record.initial_points is None and config.search.initial_points:
        journal.write(InitialPointsResolved(points=resolve_points(config, journal.record)))
    points = [space.params_of(point) for point in journal.record.initial_points or ()]
    if equal_weights:
        points.insert(0, space.equal_weights())
    return [params for params in points if params]
