"""Loss weights as params of a search space: the nearest that it can draw."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import optuna
from optuna.samplers import RandomSampler
from optuna.trial import Trial

from mtl_search.config import SpaceEntry
from mtl_search.errors import ConfigError
from mtl_search.search.initial_points import PATH
from mtl_search.search.space.space import Space

logger = logging.getLogger(__name__)

Call = Callable[[Any], Any]


def params_for_space(
    space: Space, weights: Mapping[str, float], fixed: Mapping[str, float]
) -> dict[str, Any]:
    """The params of a space that give these loss weights, or the nearest within its bounds.

    Args:
        space: Of the search arm.
        weights: Task → loss weight.
        fixed: Task → loss weight in the config, for tasks whose weight is not searched.

    Raises:
        ConfigError: No loss weight is searched.
    """
    if space.ratios:
        wanted = {
            path: weights[task] / weights[space.reference] for path, task in space.ratios.items()
        }
    else:
        wanted = searched_weights(space.entries, weights, fixed)
    return {
        path: _warn_if_clipped(path, value, _nearest(space.entries[path], value))
        for path, value in wanted.items()
    }


def params_for_function(
    call: Call, weights: Mapping[str, float], fixed: Mapping[str, float]
) -> dict[str, Any]:
    """The same for a function of the user's, which is called with a trial that is thrown away, to see what it asks for.

    A function that searches loss weights in some of its branches only may be seen in another one.

    Args:
        call: Calls the function with a trial.
        weights: Task → loss weight.
        fixed: Task → loss weight in the config.

    Raises:
        ConfigError: It asks for no loss weight.
    """
    probe = _Probe(searched_weights(requested_weights(call), weights, fixed))
    call(probe)
    return {
        path: _warn_if_clipped(path, probe.wanted[path], value)
        for path, value in probe.params.items()
    }


def requested_weights(call: Call) -> list[str]:
    """Paths of the loss weights that a function of the user's asks for."""
    probe = _Probe({})
    call(probe)
    return list(probe.params)


class _Probe:
    """An Optuna trial that answers for loss weights by a point, within the bounds that it hears.

    Attributes:
        wanted: Path → the point's value.
        params: Path → the answer, of loss weights only.
    """

    def __init__(self, wanted: Mapping[str, float]) -> None:
        self.wanted, self.params = wanted, dict[str, Any]()
        self._trial: Trial = optuna.create_study(sampler=RandomSampler(seed=0)).ask()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._trial, name)

    def suggest_float(self, name: str, low: float, high: float, **options: Any) -> float:
        """A loss weight: that of the point, on the grid if there is one."""
        value = self._trial.suggest_float(name, low, high, **options)
        return float(
            self._answer(
                name, value, lambda wanted: _on_grid(wanted, low, high, options.get("step"))
            )
        )

    def suggest_int(self, name: str, low: int, high: int, **options: Any) -> int:
        """A loss weight: that of the point, rounded."""
        value = self._trial.suggest_int(name, low, high, **options)
        return int(
            self._answer(
                name,
                value,
                lambda wanted: round(_on_grid(wanted, low, high, options.get("step", 1))),
            )
        )

    def suggest_categorical(self, name: str, choices: Sequence[Any]) -> Any:
        """A loss weight: the choice that is nearest to that of the point."""
        value = self._trial.suggest_categorical(name, choices)
        return self._answer(name, value, lambda wanted: _closest(choices, wanted))

    def _answer(self, name: str, drawn: Any, fit: Callable[[float], Any]) -> Any:
        if _task_of(name) is None:
            return drawn
        self.params[name] = fit(self.wanted[name]) if name in self.wanted else drawn
        return self.params[name]


def searched_weights(
    paths: Iterable[str], weights: Mapping[str, float], fixed: Mapping[str, float]
) -> dict[str, float]:
    """Path of each searched loss weight → its value, in proportion to the weights that stay as they are in the config.

    Raises:
        ConfigError: There is none.
    """
    tasks = {path: task for path in paths if (task := _task_of(path)) in weights}
    if not tasks:
        raise ConfigError(
            "the space has no loss weights for these points to set", path=PATH, allowed=["nothing"]
        )
    rest = weights.keys() - set(tasks.values())
    given = sum(fixed[task] for task in rest)
    scale = given / sum(weights[task] for task in rest) if given > 0 else 1.0
    return {path: weights[str(task)] * scale for path, task in tasks.items()}


def _task_of(path: str) -> str | None:
    """The task whose loss weight this is."""
    parts = path.split(".")
    return (
        parts[1] if len(parts) == 3 and parts[0] == "tasks" and parts[2] == "loss_weight" else None
    )


def _nearest(entry: SpaceEntry, value: float) -> Any:
    if entry.choice is not None:
        return _closest(entry.choice, value)
    if entry.log_ratio is not None:
        return _on_grid(value, 1 / entry.log_ratio, entry.log_ratio)
    low, high = entry.float_ or entry.log or entry.int_ or (value, value)
    return round(_on_grid(value, low, high)) if entry.int_ else _on_grid(value, low, high)


def _on_grid(value: float, low: float, high: float, step: float | None = None) -> float:
    inside = min(max(value, low), high)
    return inside if step is None else min(low + round((inside - low) / step) * step, high)


def _closest(choices: Sequence[Any], value: float) -> Any:
    numbers = [c for c in choices if isinstance(c, int | float)]
    return min(numbers or choices, key=lambda choice: abs(choice - value) if numbers else 0)


def _warn_if_clipped(path: str, wanted: float, used: Any) -> Any:
    """Say where a point lies outside."""
    if not (isinstance(used, int | float) and math.isclose(used, wanted, rel_tol=1e-9)):
        logger.warning(
            "%s: %s is %.4g there, and %.4g is the nearest in the space", PATH, path, wanted, used
        )
    return used
