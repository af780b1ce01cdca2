"""How stored models are built again: without pretrained weights, and without the hub.

A stored model replaces all weights as soon as it is built, so it needs neither the hub nor the
file or folder that its training started from. What such a folder says of the layers beside their
weights is the backbone's architecture, which is stored with the model.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from torch import nn


@dataclass(frozen=True)
class _Stored:
    architecture: Mapping[str, Any] | None


_stored: ContextVar[_Stored | None] = ContextVar("stored_model", default=None)


class Described(nn.Module):
    """A part of a backbone that knows how the backbone is built, beside its arguments.

    Attributes:
        architecture: What is needed to build it again, as plain JSON types.
    """

    architecture: Mapping[str, Any]


@contextmanager
def skip_pretrained(architecture: Mapping[str, Any] | None = None) -> Iterator[None]:
    """Build networks without pretrained weights inside the context.

    Args:
        architecture: What `architecture_of` returned of the network; None where it is not known.
    """
    token = _stored.set(_Stored(architecture))
    try:
        yield
    finally:
        _stored.reset(token)


def pretrained_enabled() -> bool:
    """Return whether backbones load the pretrained weights that a config names."""
    return _stored.get() is None


def stored_architecture() -> Mapping[str, Any] | None:
    """Return how the backbone of a stored model is built; None where nothing is stored of it."""
    stored = _stored.get()
    return None if stored is None else stored.architecture


def architecture_of(network: nn.Module) -> dict[str, Any] | None:
    """Return how a network's backbone is built, as plain JSON types.

    Returns:
        What `skip_pretrained` takes; None where the arguments in the config say all.
    """
    for module in network.modules():
        if isinstance(module, Described):
            return dict(module.architecture)
    return None
