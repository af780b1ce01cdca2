"""Whether backbones fetch the weights that they start from: not where stored ones take their place at once."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_WANTED: ContextVar[bool] = ContextVar("weights_wanted", default=True)


@contextmanager
def skip_pretrained() -> Iterator[None]:
    """Inside it networks are built with any weights, so a stored model needs neither the hub nor the first file."""
    token = _WANTED.set(False)
    try:
        yield
    finally:
        _WANTED.reset(token)


def pretrained_enabled() -> bool:
    """Whether the weights that a config names are to be fetched."""
    return _WANTED.get()
