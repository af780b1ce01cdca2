"""Loss weights as params of a search space: the nearest values that it can draw."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from mtl_search.errors import ConfigError
from mtl_search.search.initial_points import PATH
from mtl_search.search.space.domain import Domain
from mtl_search.search.space.space import Space
from mtl_search.search.space.trial_proxy import TrialProxy

logger = logging.getLogger(__name__)

Call = Callable[[Any], Any]


@dataclass(frozen=True)
class WeightPoint:
    """Hold loss weights that the search is to begin with.

    Attributes:
        weights: Task → loss weight of the point.
        fixed: Task → loss weight in the config, for tasks whose weight is not searched.

    Examples:
        >>> point = WeightPoint({"a": 1.0, "b": 4.0}, fixed={"a": 0.5, "b": 1.0})
        >>> point.searched(["tasks.b.loss_weight", "training.optimizer.lr"])
        {'tasks.b.loss_weight': 2.0}
    """

    weights: Mapping[str, float]
    fixed: Mapping[str, float]

    def params_for(self, space: Space) -> dict[str, Any]:
        """Return the params of a space that give these loss weights, or the nearest to them.

        Args:
            space: The space of the search arm.

        Raises:
            ConfigError: No loss weight is searched.
        """
        if space.ratios:
            reference = self.weights[space.reference]
            exact = {path: self.weights[task] / reference for path, task in space.ratios.items()}
        else:
            exact = self.searched(space.entries)
        params = {path: Domain.of(space.entries[path]).nearest(exact[path]) for path in exact}
        _warn_of_clipped(exact, params)
        return params

    def params_for_function(self, call: Call) -> dict[str, Any]:
        """Return the params of a space function of the user's that are nearest to these weights.

        The function is called with a trial that is thrown away, to see which values it asks for. A
        function that searches loss weights in some of its branches only may be seen in another one.

        Args:
            call: Calls the function with a trial.

        Raises:
            ConfigError: It asks for no loss weight.
        """
        probe = _Probe(self.searched(requested_weights(call)))
        call(probe)
        _warn_of_clipped(probe.exact, probe.params)
        return probe.params

    def searched(self, paths: Iterable[str]) -> dict[str, float]:
        """Return the values of the loss weights that are searched.

        They are in proportion to the weights that stay as they are in the config.

        Args:
            paths: Paths of all values that are searched.

        Raises:
            ConfigError: No loss weight is among them.
        """
        tasks = {path: task for path in paths if (task := _task_of(path)) in self.weights}
        if not tasks:
            raise ConfigError(
                "the space has no loss weights for these points to set",
                path=PATH,
                allowed=["nothing"],
            )
        rest = self.weights.keys() - set(tasks.values())
        fixed_sum = sum(self.fixed[task] for task in rest)
        scale = 1.0
        if fixed_sum > 0:
            scale = fixed_sum / sum(self.weights[task] for task in rest)
        return {path: self.weights[task] * scale for path, task in tasks.items()}


def requested_weights(call: Call) -> list[str]:
    """Return the paths of the loss weights that a function of the user's asks for.

    Args:
        call: Calls the function with a trial.
    """
    probe = _Probe({})
    call(probe)
    return list(probe.params)


class _Probe(TrialProxy):
    """Answer for loss weights by a point, within the bounds that the function names.

    Attributes:
        exact: Path → the point's value.
        params: Path → the answer, for loss weights only.
    """

    def __init__(self, exact: Mapping[str, float]) -> None:
        import optuna  # slow to import, and most sweeps have no function

        super().__init__(optuna.create_study(sampler=optuna.samplers.RandomSampler(seed=0)).ask())
        self.exact = exact
        self.params: dict[str, Any] = {}

    def _answer(self, name: str, domain: Domain, draw: Callable[[], Any]) -> Any:
        # Drawn in any case: Optuna checks the bounds, and the trial's params stay complete.
        value = draw()
        if not _task_of(name):
            return value
        if name in self.exact:
            value = domain.nearest(self.exact[name])
        self.params[name] = value
        return value


def _task_of(path: str) -> str:
    """Return the task whose loss weight this is; empty for any other path."""
    match path.split("."):
        case ["tasks", task, "loss_weight"]:
            return task
    return ""


def _warn_of_clipped(exact: Mapping[str, float], params: Mapping[str, Any]) -> None:
    for path, value in params.items():
        if not isinstance(value, int | float) or not math.isclose(value, exact[path], rel_tol=1e-9):
            text = "%s: %s is %.4g there, and %.4g is the nearest in the space"
            logger.warning(text, PATH, path, exact[path], value)
