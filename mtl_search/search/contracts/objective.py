"""The contract of an objective: a number from the metrics that there are."""

from __future__ import annotations

from collections.abc import Mapping

from mtl_search.errors import ConfigError, MtlSearchError, first_line
from mtl_search.metrics.metric_key import metric_key
from mtl_search.metrics.objective import ObjectiveFunction

_PATH = "search.objective"


class _Metrics(dict[str, float]):
    """Validation metrics; whatever else an epoch has, such as `lr`, is some number."""

    def __missing__(self, key: str) -> float:
        if not isinstance(key, str) or key.startswith("val/"):
            raise KeyError(key)
        return 0.5


def check_objective_function(
    function: ObjectiveFunction,
    metrics: Mapping[str, tuple[str, ...]],
    scales: Mapping[str, tuple[float, float]],
) -> None:
    """Call an objective of the user's with what a constant prediction reaches.

    Args:
        function: The objective.
        metrics: Task → names of its metrics.
        scales: `<task>/<metric>` → trivial and perfect value.

    Raises:
        ConfigError: It fails, reads a metric that there is not, or returns no number.

    Examples:
        >>> check_objective_function(lambda m: m["val/a/r2"], {"a": ("r2",)}, {})
        >>> check_objective_function(lambda m: m["val/a/mae"], {"a": ("r2",)}, {})
        Traceback (most recent call last):
            ...
        mtl_search.errors.ConfigError: search.objective: the objective reads 'val/a/mae', ...
    """
    given = _Metrics()
    for task, names in metrics.items():
        given[metric_key("val", task, "loss")] = 1.0
        for name in names:
            given[metric_key("val", task, name)] = scales.get(f"{task}/{name}", (0.5, 1.0))[0]
    try:
        value = function(given)
    except MtlSearchError:
        raise
    except KeyError as error:
        message = f"the objective reads {error.args[0]!r}, and the metrics of the tasks are others"
        raise ConfigError(message, path=_PATH, allowed=sorted(given)) from error
    except Exception as error:  # code of the user's may raise anything
        reason = f"{type(error).__name__}: {first_line(error)[:300]}"
        message = f"the objective fails on the metrics of a constant prediction: {reason}"
        raise ConfigError(message, path=_PATH) from error
    try:
        is_number = isinstance(float(value), float)
    except (TypeError, ValueError):
        is_number = False
    if not is_number or isinstance(value, str):
        message = f"the objective returns a {type(value).__name__}, and needed is one number"
        raise ConfigError(message, path=_PATH)
