"""A switch for the weights that backbones start from, which stored models do without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_enabled: ContextVar[bool] = ContextVar("pretrained_enabled", default=True)


@contextmanager
def skip_pretrained() -> Iterator[None]:
    """Build networks without pretrained weights inside the context.

    A stored model replaces all weights as soon as it is built, so it needs neither the hub nor the
    file that its training started from.
    """
    token = _enabled.set(False)
    try:
        yield
    finally:
        _enabled.reset(token)


def pretrained_enabled() -> bool:
    """Return whether backbones load the pretrained weights that a config names."""
    return _enabled.get()
