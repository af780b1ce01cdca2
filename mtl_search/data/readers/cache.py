"""A folder of results that take long to compute: named by what went into them, written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from mtl_search.config.checks import check_text
from mtl_search.errors import ConfigError, DataError
from mtl_search.storage import atomic

# Above this, a file is known by its size, its first and its last part.
_WHOLE = 1 << 20


def cache_folder(name: str, value: object) -> Path:
    """The folder that an argument names; None: `mtl_search` in $XDG_CACHE_HOME or in ~/.cache.

    Raises:
        ConfigError: It is no path.
    """
    if value is None:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mtl_search"
    try:
        return Path(check_text(value, f"data.{name}")).expanduser().absolute()
    except RuntimeError as error:
        raise ConfigError(f"this is no path: {error}", path=f"data.{name}", value=value) from None


def cached(folder: Path, key: str, suffix: str, write: Callable[[Path], None]) -> Path:
    """The file `<key><suffix>` of the folder, written first where it is not there.

    Args:
        folder: Made if need be.
        key: From `digest`.
        suffix: Of the file.
        write: Writes the content to the path it is given. That path gets its name at the end, so a process that dies
            half-way, or another that writes the same, leaves no broken file.

    Raises:
        DataError: The folder cannot be written to.
    """
    path = folder / f"{key}{suffix}"
    if path.exists():
        return path
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with atomic.replace_file(path) as new_file:
            write(new_file)
    except OSError as error:
        raise DataError(
            f"cannot write to the cache {folder} (another one: `cache: folder`): {error}"
        ) from None
    return path


def free_bytes(folder: Path) -> int:
    """Room on the disk of a folder that may not be there yet."""
    there = next((place for place in (folder, *folder.parents) if place.is_dir()), Path("/"))
    return shutil.disk_usage(there).free


def digest(parts: Iterable[str]) -> str:
    """A name for these texts, other for others."""
    sha = hashlib.sha256()
    for part in parts:
        encoded = part.encode()
        sha.update(len(encoded).to_bytes(8, "little") + encoded)
    return sha.hexdigest()[:32]


def folder_digest(folder: Path) -> str:
    """A name for the content of a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return digest(
        [part for path in files for part in (str(path.relative_to(folder)), _file_digest(path))]
    )


def _file_digest(path: Path) -> str:
    size = path.stat().st_size
    with path.open("rb") as file:
        content = file.read(_WHOLE)
        if size > _WHOLE:
            file.seek(-_WHOLE, os.SEEK_END)
            content += file.read()
    return f"{size}:{hashlib.sha256(content).hexdigest()}"
