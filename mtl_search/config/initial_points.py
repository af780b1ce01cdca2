"""The shapes of `search.initial_points`; the search knows what each point means."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, PlainValidator

_TOO_LARGE = 1e300


def _point(value: object) -> object:
    """Check a point: pydantic would give one message for each kind that it might have been."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict) and value:
        for task, weight in value.items():
            if not _is_number(weight):
                raise ValueError(f"the loss weight of {task} must be a number, and is {weight!r}")
        return {task: float(weight) for task, weight in value.items()}
    raise ValueError(
        "a mapping of tasks to loss weights, the name of a weighting, or the folder of a sweep is "
        "needed"
    )


def _is_number(value: object) -> bool:
    return (
        isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _TOO_LARGE
    )


def _as_points(value: object) -> object:
    return (value,) if isinstance(value, str | dict) else value


# Task → loss weight, the name of a weighting, or the folder of a sweep.
InitialPoint = Annotated[str | dict[str, float], PlainValidator(_point)]
InitialPoints = Annotated[tuple[InitialPoint, ...], BeforeValidator(_as_points)]
