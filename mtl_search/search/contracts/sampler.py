"""The contract of a sampler: values inside their ranges, which follow from seed and history."""

from __future__ import annotations

from typing import Any

from mtl_search.config import Component
from mtl_search.errors import ConfigError, MtlSearchError, first_line
from mtl_search.search.samplers import build_sampler

_PATH = "search.sampler"
_TRIALS = 4
_LOW, _HIGH, _COUNT, _CHOICES = 1e-3, 1e-1, 5, ("a", "b", "c")


def check_own_sampler(member: Component, seed: int) -> None:
    """Draw a few trials by a sampler of the user's, twice with the same seeds.

    Args:
        member: Its name and arguments; one of ours is not tried.
        seed: The seed of the sweep.

    Raises:
        ConfigError: It fails, gives a value outside of its range, or draws by something else than
            its seed and the trials before.
    """
    if ":" not in member.name:
        return
    part = f"the sampler {member.name!r}"
    try:
        first, second = _draws(member, seed, part), _draws(member, seed, part)
    except MtlSearchError:
        raise
    except Exception as error:  # code of the user's may raise anything
        reason = f"{type(error).__name__}: {first_line(error)[:300]}"
        raise ConfigError(f"{part} fails when it is tried: {reason}", path=_PATH) from error
    if first != second:
        raise ConfigError(
            f"{part} gives two draws for one seed and the same trials, and a sweep that is resumed "
            "needs the same ones: draw from random numbers of the `seed` that it is given",
            path=_PATH,
        )


def _draws(member: Component, seed: int, part: str) -> list[dict[str, Any]]:
    import optuna
    from optuna.trial import TrialState

    from mtl_search.search.studies.quiet import quiet_optuna

    draws = []
    with quiet_optuna():
        study = optuna.create_study(direction="maximize", sampler=build_sampler(member, seed))
        for number in range(_TRIALS):
            # As in a sweep, each trial has a sampler of its own.
            study.sampler = build_sampler(member, (seed + number) % 2**32)
            trial = study.ask()
            _check_range(part, _suggest(trial))
            draws.append(dict(trial.params))
            state = TrialState.FAIL if number == 1 else TrialState.COMPLETE
            study.tell(trial, None if number == 1 else float(number), state=state)
    return draws


def _suggest(trial: Any) -> dict[str, Any]:
    return {
        "lr": trial.suggest_float("lr", _LOW, _HIGH, log=True),
        "weight": trial.suggest_float("weight", _LOW, _HIGH),
        "depth": trial.suggest_int("depth", 0, _COUNT),
        "name": trial.suggest_categorical("name", _CHOICES),
    }


def _check_range(part: str, values: dict[str, Any]) -> None:
    rounding = 1e-9
    is_right = {
        f"a number from {_LOW:g} to {_HIGH:g}": all(
            isinstance(values[key], float) and _LOW - rounding <= values[key] <= _HIGH + rounding
            for key in ("lr", "weight")
        ),
        f"a whole number from 0 to {_COUNT}": values["depth"] in range(_COUNT + 1),
        f"one of {', '.join(_CHOICES)}": values["name"] in _CHOICES,
    }
    for needed, is_met in is_right.items():
        if not is_met:
            message = f"{part} draws {values}, and needed is {needed}"
            raise ConfigError(message, path=_PATH)
