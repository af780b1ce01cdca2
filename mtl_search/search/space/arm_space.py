"""What an arm draws its trials from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mtl_search.config import Config, SpaceEntry
from mtl_search.errors import MtlSearchError, SweepError
from mtl_search.search.arms import Arm
from mtl_search.search.initial_points import resolve_points
from mtl_search.search.space.initial_params import (
    params_for_function,
    params_for_space,
    requested_weights,
    searched_weights,
)
from mtl_search.search.space.space import RestrictedTrial, Space, SpaceFunction
from mtl_search.storage.events import InitialPointsResolved
from mtl_search.storage.journal import Journal


class ArmSpace:
    """The space of one arm: the config's entries, or the user's function with the arm's fixed values held."""

    def __init__(self, config: Config, arm: Arm, function: SpaceFunction | None) -> None:
        self._arm, self._function = arm, None if arm.is_warmup else function
        self._fixed = {task: settings.loss_weight for task, settings in config.tasks.items()}
        self._space = Space(
            {} if self._function else arm.entries,
            arm.tasks,
            config.model_dump(by_alias=True, exclude_none=True),
        )

    def __call__(self, trial: Any) -> dict[str, Any] | None:
        """Draw the values of a trial; returns constants that the user's function adds."""
        if self._function is None:
            self._space(trial)
            return None
        return self._call(trial)

    @property
    def entries(self) -> Mapping[str, SpaceEntry]:
        """What the config has it draw, path by path: ratios of loss weights for each task but their reference."""
        return self._space.entries

    def overrides(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Config values by dotted path, without those that the arm holds."""
        held = {path: value for path, value in values.items() if not self._arm.fixes(path)}
        return self._space.overrides(held)

    def equal_weights(self) -> dict[str, float]:
        """The params that give every task the same weight."""
        return self._space.equal_weights()

    def params_of(self, weights: Mapping[str, float]) -> dict[str, Any]:
        """The params nearest to these loss weights."""
        if self._function is None:
            return params_for_space(self._space, weights, self._fixed)
        return params_for_function(self._call, weights, self._fixed)

    def check_start(self) -> None:
        """Refuse points to begin with where no loss weight is searched.

        Raises:
            ConfigError: None is.
            SweepError: The user's function failed.
        """
        paths = self._space.entries if self._function is None else requested_weights(self._call)
        searched_weights(paths, self._fixed, self._fixed)

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


def initial_params(config: Config, journal: Journal, space: ArmSpace) -> list[dict[str, Any]]:
    """The params of the first trials of the search arm: equal weights, then the points of `search.initial_points`.

    The n-th trial takes the n-th, so a resumed sweep goes on behind those that have begun. What the points are is
    written down once: an earlier sweep that one comes from may change, or be gone.
    """
    if journal.record.initial_points is None and config.search.initial_points:
        journal.write(InitialPointsResolved(points=resolve_points(config, journal.record)))
    points = [space.params_of(point) for point in journal.record.initial_points or ()]
    return [params for params in (space.equal_weights(), *points) if params]
