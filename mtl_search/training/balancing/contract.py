"""The contracts of a weighting and an aggregator of the user's, on made-up losses and gradients.

T tasks, P shared parameters
"""

from __future__ import annotations

import copy
from collections.abc import Callable

import torch
from torch import Tensor

from mtl_search.errors import ConfigError
from mtl_search.models.contracts.batch import tried
from mtl_search.training.balancing.aggregator_base import Aggregator
from mtl_search.training.balancing.synchronized_rng import synchronized_rng
from mtl_search.training.balancing.weighting_base import Weighting

_CPU = torch.device("cpu")
_PARAMETERS, _STEPS = 5, 3

MakeWeighting = Callable[[], Weighting]
MakeAggregator = Callable[[], Aggregator]


def check_weighting(make: MakeWeighting, name: str, tasks: int, path: str) -> None:
    """Let a weighting weigh a few steps, go on from its stored state, and weigh one more.

    Args:
        make: Makes the weighting.
        name: Its name in the config.
        tasks: Number of tasks.
        path: Dotted path of its section.

    Raises:
        ConfigError: It fails, gives weights of another shape or ones that are not finite, draws
            random numbers without saying so, or goes on from a stored state in another way.
    """
    part = f"the weighting {name!r}"
    with tried(part, path):
        weighting, again = make(), make()
        for step in range(_STEPS):
            weights = _weigh(weighting, part, tasks, path, step, seed=0)
            if not weighting.is_random:
                # On every rank there is one, and only those that say so share random numbers.
                _same(_weigh(again, part, tasks, path, step, seed=1), weights, part, path)
        weighting.end_epoch()
        _check_rows(weighting, part, tasks, path)
        resumed = make()
        resumed.load_state_dict(copy.deepcopy(weighting.state_dict()), _CPU)
        after = _weigh(weighting, part, tasks, path, _STEPS, seed=2)
        if not _is_close(_weigh(resumed, part, tasks, path, _STEPS, seed=2), after):
            raise ConfigError(f"{part} {_OTHER_WAY}", path=path)


def check_aggregator(make: MakeAggregator, name: str, tasks: int, path: str) -> None:
    """Let an aggregator combine a few gradients, also where a task has none.

    Args:
        make: Makes the aggregator.
        name: Its name in the config.
        tasks: Number of tasks.
        path: Dotted path of its section.

    Raises:
        ConfigError: It fails, gives another shape or values that are not finite, draws random
            numbers without saying so, or goes on from a stored state in another way.
    """
    part = f"the aggregator {name!r}"
    with tried(part, path):
        aggregator, again = make(), make()
        for step in range(_STEPS):
            vector = _aggregate(aggregator, part, _gradients(tasks, step), path, seed=0)
            if not aggregator.is_random:
                other = _aggregate(again, part, _gradients(tasks, step), path, seed=1)
                _same(other, vector, part, path)
        resumed = make()
        resumed.load_state_dict(copy.deepcopy(aggregator.state_dict()), _CPU)
        gradients = _gradients(tasks, _STEPS)
        after = _aggregate(aggregator, part, gradients, path, seed=2)
        if not _is_close(_aggregate(resumed, part, gradients, path, seed=2), after):
            raise ConfigError(f"{part} {_OTHER_WAY}", path=path)
        gradients = _gradients(tasks, 0)
        if aggregator.leaves_out:
            gradients = gradients[1:]
        else:
            gradients[0] = 0
        _aggregate(make(), part, gradients, path, seed=0)


_OTHER_WAY = (
    "goes on in another way after `load_state_dict` of its `state_dict`, which a trial that is "
    "resumed does; return all that the next step depends on"
)


def _weigh(
    weighting: Weighting, part: str, tasks: int, path: str, step: int, *, seed: int
) -> Tensor:
    """Return the weights (T,) of a step, after their check."""
    losses = torch.linspace(0.5, 1.5, tasks).roll(step)
    jacobian = _gradients(tasks, step) if weighting.needs_gradients else None
    with synchronized_rng(seed, step, _CPU), torch.no_grad():
        weights = weighting.weigh(losses.clone(), jacobian)
        if weighting.needs_losses_after_step:
            weighting.after_optimizer_step(0.9 * losses)
    _check_shape(f"`weigh` of {part}", weights, (tasks,), f"losses of shape ({tasks},)", path)
    return weights.detach().clone()


def _check_rows(weighting: Weighting, part: str, tasks: int, path: str) -> None:
    if type(weighting).rows is Weighting.rows:
        return
    rows, factors = weighting.rows(_gradients(tasks, 0))
    given = f"gradients of shape ({tasks}, {_PARAMETERS})"
    _check_shape(f"`rows` of {part}", rows, (tasks, _PARAMETERS), given, path)
    if factors is not None:
        _check_shape(f"`rows` of {part}", factors, (tasks,), f"the factors of {given}", path)


def _aggregate(
    aggregator: Aggregator, part: str, gradients: Tensor, path: str, *, seed: int
) -> Tensor:
    """Return the gradient (P,), after its check and that of the weights (T,)."""
    with synchronized_rng(seed, 0, _CPU), torch.no_grad():
        result = aggregator.aggregate(gradients.clone(), (gradients.clone(), gradients.roll(1, 0)))
    given = f"gradients of shape {tuple(gradients.shape)}"
    if not isinstance(result, tuple) or len(result) != 2:
        raise ConfigError(
            f"`aggregate` of {part} gives a {type(result).__name__} for {given}, and needed is a "
            "tuple of one gradient, and the weights of the tasks or None",
            path=path,
        )
    vector, weights = result
    _check_shape(f"`aggregate` of {part}", vector, (_PARAMETERS,), given, path)
    if weights is not None:
        needed = (len(gradients),)
        _check_shape(f"`aggregate` of {part}", weights, needed, f"the weights of {given}", path)
    return vector.detach().clone()


def _check_shape(part: str, values: object, needed: tuple[int, ...], given: str, path: str) -> None:
    if not isinstance(values, Tensor) or tuple(values.shape) != needed:
        seen = type(values).__name__
        seen = f"shape {tuple(values.shape)}" if isinstance(values, Tensor) else f"a {seen}"
        message = f"{part} gives {seen} for {given}, and needed is a tensor of shape {needed}"
        raise ConfigError(message, path=path)
    if not values.isfinite().all():
        raise ConfigError(f"{part} gives values that are not finite for {given}", path=path)


def _gradients(tasks: int, step: int) -> Tensor:
    """Return some gradients (T, P): no two alike, none of them zero."""
    values = torch.arange(1.0, tasks * _PARAMETERS + 1).reshape(tasks, _PARAMETERS)
    return (values + step).sin() + 0.1


def _same(one: Tensor, other: Tensor, part: str, path: str) -> None:
    if not _is_close(one, other):
        raise ConfigError(
            f"{part} gives two results for one input, so that workers would drift apart; say "
            "`is_random = True` in its class if it draws random numbers from torch",
            path=path,
        )


def _is_close(one: Tensor, other: Tensor) -> bool:
    return torch.allclose(one, other, rtol=1e-3, atol=1e-5)
