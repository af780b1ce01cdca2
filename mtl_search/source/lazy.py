"""Packages whose names stand in modules that are slow to import."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from typing import Any


def lazy_attributes(package: str, modules: Mapping[str, str]) -> Callable[[str], Any]:
    """Make a `__getattr__` for a package whose names stand in modules that are slow to import.

    Args:
        package: Name of the package, its `__name__`.
        modules: Name → the module that defines it, imported when the name is first asked for.
    """
    # A module of the package that is imported becomes an attribute of it, and would hide the name.
    assert not any(module == f"{package}.{name}" for name, module in modules.items())

    def get_attribute(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(importlib.import_module(modules[name]), name)

    return get_attribute
