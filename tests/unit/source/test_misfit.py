"""Arguments of another type than their defaults."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from mtl_search.source.misfit import misfit


def step(
    size: int, *, lr: float = 0.1, betas: tuple[float, float] = (0.9, 0.999), flag: bool = False,
    name: str = "", extra: object = None,
) -> None:  # fmt: skip
    """Takes arguments of all types."""


PARAMETERS = inspect.signature(step).parameters


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"lr": "high"}, ("lr", "a number is needed, such as 0.1")),
        ({"lr": True}, ("lr", "a number is needed, such as 0.1")),
        ({"lr": [0.1]}, ("lr", "a number is needed, such as 0.1")),
        ({"size": "all"}, ("size", "a number is needed, such as 1")),
        ({"lr": 1, "betas": 0.9}, ("betas", "a list of 2 numbers is needed, such as [0.9, 0.999]")),
        ({"betas": [0.9]}, ("betas", "a list of 2 numbers is needed, such as [0.9, 0.999]")),
        ({"betas": [0.9, "x"]}, ("betas", "a list of 2 numbers is needed, such as [0.9, 0.999]")),
        ({"flag": "maybe"}, ("flag", "true or false is needed")),
    ],
)
def test_the_argument_is_told_with_what_it_needs(
    arguments: dict[str, Any], expected: tuple[str, str]
) -> None:
    assert misfit(PARAMETERS, arguments) == expected


def test_what_fits_or_cannot_be_known_is_not_blamed() -> None:
    fine = {"size": 3, "lr": 1, "betas": [0.8, 0.9], "flag": True, "name": 3, "extra": "x", "y": 1}
    assert misfit(PARAMETERS, fine) is None
