"""The shapes of `search.initial_points`."""

from __future__ import annotations

import pytest
from pydantic import TypeAdapter, ValidationError

from mtl_search.config.initial_points import InitialPoints

POINTS: TypeAdapter[InitialPoints] = TypeAdapter(InitialPoints)


@pytest.mark.parametrize(
    ("given", "points"),
    [
        ("uw", ("uw",)),
        ({"left": 2}, ({"left": 2.0},)),
        (
            ["uw", {"left": 2, "right": 0.5}, "runs/demo"],
            ("uw", {"left": 2.0, "right": 0.5}, "runs/demo"),
        ),
        ([], ()),
    ],
)
def test_points_are_weights_names_or_folders(given: object, points: tuple[object, ...]) -> None:
    assert POINTS.validate_python(given) == points


@pytest.mark.parametrize(
    ("point", "words"),
    [
        ({"left": "heavy"}, "the loss weight of left must be a number, and is 'heavy'"),
        ({"left": True}, "the loss weight of left must be a number, and is True"),
        ({"left": 10**400}, "the loss weight of left must be a number"),
        ({"left": float("nan")}, "the loss weight of left must be a number"),
        ({}, "a mapping of tasks to loss weights"),
        (3, "a mapping of tasks to loss weights"),
        (["uw"], "a mapping of tasks to loss weights"),
    ],
)
def test_other_shapes_are_refused_in_one_message(point: object, words: str) -> None:
    with pytest.raises(ValidationError, match=words) as caught:
        POINTS.validate_python([point])
    assert caught.value.error_count() == 1
