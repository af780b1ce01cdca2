"""What has been imported tells its parameters, or is no class and no function."""

from __future__ import annotations

import pytest
from torch import nn

from mtl_search.errors import ConfigError
from mtl_search.source.inspected import inspected_parameters


def made(width: int, *, depth: int = 2) -> None:
    """Make nothing."""


def test_classes_and_functions_have_parameters() -> None:
    assert [p.name for p in inspected_parameters(made, "head", "m:made", "x")] == ["width", "depth"]
    assert "in_features" in [p.name for p in inspected_parameters(nn.Linear, "head", "m:x", "x")]


@pytest.mark.parametrize(
    ("member", "told"),
    [
        (nn.Linear(2, 2), "this is one Linear; a class or a function that makes a new one"),
        (3, "a head is a class or a function, and this is a int"),
    ],
)
def test_objects_are_refused(member: object, told: str) -> None:
    with pytest.raises(ConfigError, match=told) as caught:
        inspected_parameters(member, "head", "m:x", "tasks.a.head.name")
    assert caught.value.path == "tasks.a.head.name"
