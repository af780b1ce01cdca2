"""The modules of the user's that a config names, and the local modules that those import."""

from __future__ import annotations

import ast
import sysconfig
from collections.abc import Iterator, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from mtl_search.source.modules import find_file, read_module

_INSTALLED = {"site-packages", "dist-packages"}
_OURS = "mtl_search"


def named_modules(tree: Any) -> Iterator[str]:
    """Yield the modules of each `module:attribute` in a config, whatever key it stands at.

    Args:
        tree: The config as plain types, or a part of it.

    Examples:
        >>> sorted(named_modules({"data": "waves:waves", "n": ["a.b:C"], "u": "http://h:80/"}))
        ['a.b', 'waves']
    """
    if isinstance(tree, Mapping):
        for key, value in tree.items():
            yield from named_modules(key)
            yield from named_modules(value)
    elif isinstance(tree, list | tuple):
        for value in tree:
            yield from named_modules(value)
    elif isinstance(tree, str):
        module, colon, attribute = tree.partition(":")
        names = [*module.split("."), *attribute.split(".")]
        if colon and all(name.isidentifier() for name in names):
            yield module


def user_code(tree: Any) -> dict[str, Path]:
    """Find the code that a config needs and that no package of the cluster brings along.

    That is the top-level module or package of each module that the config names, and of the local
    modules that these import. What is installed (site-packages), the standard library and this
    package are left out.

    Args:
        tree: The config as plain types.

    Returns:
        Name of the top-level module → its file, or the folder of the package.
    """
    code: dict[str, Path] = {}
    waiting = list(named_modules(tree))
    seen: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        top = name.partition(".")[0]
        # A text with a colon may be anything; only a module that has a file is one.
        place = _local_place(top) if find_file(name) is not None else None
        if place is None:
            continue
        code[top] = place
        waiting += _imported(name)
    return code


def _local_place(top: str) -> Path | None:
    """Return the file or folder of a top-level module of the user's; None for any other."""
    if top == _OURS:
        return None
    try:
        spec = find_spec(top)
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None:
        return None
    if spec.submodule_search_locations:
        place = Path(next(iter(spec.submodule_search_locations)))
    elif spec.origin is not None and spec.has_location:
        place = Path(spec.origin)
    else:
        return None  # built in, or frozen
    return None if _is_installed(place) else place


def _is_installed(place: Path) -> bool:
    library = Path(sysconfig.get_path("stdlib"))
    return bool(_INSTALLED & set(place.parts)) or library in place.resolve().parents


def _imported(name: str) -> Iterator[str]:
    """Yield the modules that a module imports, also inside its functions."""
    module = read_module(name)
    if module is None:
        return
    package = name if module.is_package else name.rpartition(".")[0]
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            outer = parts[: len(parts) - node.level + 1] if node.level else []
            source = ".".join([*outer, *([node.module] if node.module else [])])
            # A name may be a module of the package, which imports others in turn.
            yield from (f"{source}.{alias.name}" for alias in node.names if source)
            if source:
                yield source
