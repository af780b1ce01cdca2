"""Stages: what they run, and keys that are safe for torch."""

from __future__ import annotations

from torch import nn

from mtl_search.models.stage import safe_key

ODD_NAMES = [
    "a.b",
    "a%2Eb",
    "type",
    "keys",
    "forward",
    "training",
    "",
    "with space",
    "task:x",
    "größe",
    ".",
]


def test_different_names_have_different_keys() -> None:
    assert len({safe_key(name) for name in ODD_NAMES}) == len(ODD_NAMES)
    nn.ModuleDict({safe_key(name): nn.Identity() for name in ODD_NAMES})
