"""Whole sweeps, one by one and with packs."""

from __future__ import annotations

from collections.abc import Sequence


def print_sweeps(only: Sequence[str]) -> None:
    """Print the table."""
    raise NotImplementedError
