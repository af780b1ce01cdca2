"""Check a config at both ends of every entry of its search space, in as few checks as tasks allow.

What lies below a task concerns its own head alone. So the same key of hundreds of tasks is checked
at once, and only where that fails one task after the other is asked which one it was.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from mtl_search.config import Config, override
from mtl_search.errors import ConfigError
from mtl_search.search.space.space import Space, blamed_on_boundary

_OF_TASKS = ("tasks.", "training.lr_multipliers.tasks.")


@dataclass
class End:
    """Hold values at an end of their entries that can be checked together.

    Attributes:
        required: What must hold for them to be searched: dotted path → value.
        values: Dotted path → value; of several tasks, or just one.
    """

    required: Mapping[str, Any]
    values: dict[str, Any] = field(default_factory=dict)

    def halves(self) -> tuple[End, End]:
        """Return its values as two ends."""
        pairs = list(self.values.items())
        middle = len(pairs) // 2
        return End(self.required, dict(pairs[:middle])), End(self.required, dict(pairs[middle:]))


def check_ends(config: Config, space: Space, check: Callable[[Config], object]) -> None:
    """Check a config with each searched value at its ends.

    Args:
        config: The sweep's config.
        space: Its space.
        check: Raises a `ConfigError` where a config is wrong.

    Raises:
        ConfigError: It is wrong at an end; the entry of the space is blamed.
    """
    for end in ends_of(space.boundary_values()):
        _check_end(config, space, end, check)


def ends_of(values: Iterable[tuple[str, Any, dict[str, Any]]]) -> Iterator[End]:
    """Put values of the same key of different tasks together.

    Args:
        values: Path, value and what must hold for it, as of `Space.boundary_values`.
    """
    ends: dict[str, End] = {}
    for path, value, required in values:
        key = json.dumps([_below_task(path), value, required], default=repr, sort_keys=True)
        ends.setdefault(key, End(required)).values[path] = value
    yield from ends.values()


def _below_task(path: str) -> str:
    """Return a path without the name of its task."""
    for prefix in _OF_TASKS:
        if path.startswith(prefix):
            return prefix + path.removeprefix(prefix).partition(".")[2]
    return path


def _check_end(config: Config, space: Space, end: End, check: Callable[[Config], object]) -> None:
    try:
        _check_changed(config, space, end, check)
    except ConfigError:
        if len(end.values) == 1:
            raise
        for half in end.halves():
            _check_end(config, space, half, check)
        raise  # no value alone is wrong


def _check_changed(
    config: Config, space: Space, end: End, check: Callable[[Config], object]
) -> None:
    path, value = next(iter(end.values.items()))
    with blamed_on_boundary(space.written[path], value):
        check(override(config, {**end.required, **end.values}))
