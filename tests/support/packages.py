"""Tests of what needs an extra: skipped with a reason where it is missing, failed under CI."""

from __future__ import annotations

from importlib.util import find_spec

from tests.conftest import _cannot_run

# Backbone → the package that it needs.
PACKAGES = {"timm": "timm", "transformer": "transformers"}


def need_package(name: str) -> None:
    """Go on only where the package is installed."""
    if find_spec(name) is None:
        _cannot_run(f"needs the package {name!r}, which is not installed")
