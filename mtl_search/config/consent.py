"""Consent to code of strangers: a config from elsewhere runs no `module:attribute` without it.

A file is the user's own where it lies inside the working directory and belongs to this user or to
root. Mappings and `Config` objects that a program hands over are its own, and so are overrides.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from mtl_search.config import environment, paths
from mtl_search.config.schema import Config
from mtl_search.config.stored import to_dict
from mtl_search.errors import ConfigError

# True: all code; else the names of modules, with all that is below them.
TrustCode = bool | Iterable[str]

VARIABLE = "MTL_SEARCH_TRUSTED_MODULES"
ROOT = 0

_REFERENCE = re.compile(r"[^\s:/]+:[^\s:/]+")
# Below these any text with a colon may name code, whatever it looks like.
_NAMES_CODE = (("search", "space"), ("search", "initial_points"), ("search", "objective"))


def check_consent(
    config: Config,
    files: Iterable[Path],
    trust_code: TrustCode = False,
    overrides: Mapping[str, Any] | Iterable[str] = (),
    further: Iterable[tuple[str, str]] = (),
) -> None:
    """Refuse a config of a stranger that names code, unless the user trusts that code.

    Args:
        config: What was read from the files.
        files: The files or folders that it comes from.
        trust_code: Whether all code is trusted, or the modules that are. Those that the variable
            MTL_SEARCH_TRUSTED_MODULES names, with commas between them, are trusted as well.
        overrides: The changes that the user has made to it: what they name is the user's own.
        further: Path and text of what else in the files names code.

    Raises:
        ConfigError: It names code that is not trusted.
    """
    if trust_code is True or not any(is_foreign(file) for file in files):
        return
    trusted = [*_named_in_environment(), *([] if trust_code is False else trust_code)]
    own = _own_paths(overrides)
    for path, name in (*code_of(config), *further):
        module = name.partition(":")[0]
        is_own = any(path == place or path.startswith(f"{place}.") for place in own)
        if is_own or any(module == root or module.startswith(f"{root}.") for root in trusted):
            continue
        places = ", ".join(str(file) for file in files if is_foreign(file))
        raise ConfigError(
            f"this names code of the module {module!r}, and {places} is not yours (it lies outside "
            "of the working directory, or belongs to another user): read that code, then allow it "
            f"by --trust-code, --trust-modules {module}, or {VARIABLE}={module} "
            f"(in Python: trust_code=True or [{module!r}])",
            path=path,
            value=name,
        )


def is_foreign(file: Path) -> bool:
    """Return whether a file or folder is not the user's own."""
    resolved = file.resolve()
    if not resolved.is_relative_to(Path.cwd().resolve()):
        return True
    try:
        return resolved.stat().st_uid not in (os.getuid(), ROOT)
    except OSError:  # there is none, which is told when it is read
        return False


def code_of(config: Config) -> Iterator[tuple[str, str]]:
    """Yield dotted path and text of everything in a config that may name code."""
    for path, text in _texts(to_dict(config), ()):
        is_name = path[-1] == "name" or any(path[: len(place)] == place for place in _NAMES_CODE)
        if ":" in text and (is_name or _REFERENCE.fullmatch(text)):
            yield environment.dotted(path), text


def _texts(node: Any, path: environment.Path) -> Iterator[tuple[environment.Path, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _texts(value, (*path, key))
    elif isinstance(node, list | tuple):
        for number, value in enumerate(node):
            yield from _texts(value, (*path, number))
    elif isinstance(node, str):
        yield path, node


def _named_in_environment() -> list[str]:
    return split_modules(os.environ.get(VARIABLE, ""))


def split_modules(text: str) -> list[str]:
    """Return the modules of a list with commas.

    Examples:
        >>> split_modules("mine, lab.nets")
        ['mine', 'lab.nets']
    """
    return [name.strip() for name in text.split(",") if name.strip()]


def _own_paths(overrides: Mapping[str, Any] | Iterable[str]) -> list[str]:
    """Return the dotted paths that overrides set; a component's name is at `<path>.name`."""
    if isinstance(overrides, str):
        overrides = [overrides]
    written = list(overrides) if isinstance(overrides, Mapping) else []
    if not isinstance(overrides, Mapping):
        written = [text.partition("=")[0].strip() for text in overrides]
    return [".".join(paths.split(path)) for path in written]
