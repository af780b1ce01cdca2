"""A cache on disk of results that take long to compute.

A file's name depends on what the result was computed from, and it is written whole or not at all.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from mtl_search.config.checks import check_text
from mtl_search.errors import ConfigError, DataError
from mtl_search.storage import atomic
from mtl_search.storage.permissions import private_files

# The digest of a larger file takes its size, its first and its last so many bytes.
_DIGESTED_BYTES = 1 << 20
# Of more files than this, the digest takes the content of about so many.
_READ_FILES = 256


def cache_folder(argument: str, value: object) -> Path:
    """Return the folder of the cache.

    Args:
        argument: The argument that names the folder, for messages.
        value: The folder; None: `mtl_search` in $XDG_CACHE_HOME or in ~/.cache.

    Raises:
        ConfigError: The value is no path.
    """
    if value is None:
        return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mtl_search"
    path = f"data.{argument}"
    try:
        return Path(check_text(value, path)).expanduser().absolute()
    except RuntimeError as error:  # an unknown ~user
        raise ConfigError(f"this is no path: {error}", path=path, value=value) from None


def cached(folder: Path, key: str, suffix: str, write: Callable[[Path], None]) -> Path:
    """Return the file `<key><suffix>` of the folder, and write it if it does not exist.

    Args:
        folder: The folder of the cache, which may not exist yet.
        key: The name of the file, from `digest`.
        suffix: The suffix of the file.
        write: A function that writes the content to the path it is given. The file is renamed to
            its final name at the end, so a process that dies half-way, or another that writes the
            same, leaves no broken file.

    Raises:
        DataError: The folder cannot be written to.
    """
    path = folder / f"{key}{suffix}"
    if path.exists():
        return path
    try:
        with private_files():
            folder.mkdir(parents=True, exist_ok=True)
            with atomic.replace_file(path) as new_file:
                write(new_file)
    except OSError as error:
        raise DataError(
            f"cannot write to the cache {folder} (another one: `cache: folder`): {error}"
        ) from None
    return path


def free_bytes(folder: Path) -> int:
    """Return the free bytes on the disk of a folder that may not exist yet."""
    existing = next((path for path in (folder, *folder.parents) if path.is_dir()), Path("/"))
    return shutil.disk_usage(existing).free


def digest(texts: Iterable[str]) -> str:
    """Return a name for a sequence of texts; another sequence has another name.

    Examples:
        >>> digest(["ab", "c"]) == digest(["a", "bc"])
        False
    """
    sha = hashlib.sha256()
    for text in texts:
        encoded = text.encode()
        # The length keeps the texts apart.
        sha.update(len(encoded).to_bytes(8, "little") + encoded)
    return sha.hexdigest()[:32]


def folder_digest(folder: Path) -> str:
    """Return a name for the content of a folder."""
    texts = []
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        texts += [str(path.relative_to(folder)), _file_digest(path)]
    return digest(texts)


def files_digest(names: Sequence[str], paths: Sequence[Path]) -> str:
    """Return a name for the content of many files, without reading them all.

    It follows from the names and sizes of all files and the content of some, evenly spaced; dates
    and the folder do not count, so that a copy on another machine has the same name.

    Args:
        names: The names of the files, in order.
        paths: Their paths; a missing file counts as such.
    """
    texts = []
    step = max(1, len(paths) // _READ_FILES)
    for number, (name, path) in enumerate(zip(names, paths, strict=True)):
        texts.append(name)
        if not path.is_file():
            texts.append("missing")
        elif number % step == 0:
            texts.append(_file_digest(path))
        else:
            texts.append(str(path.stat().st_size))
    return digest(texts)


def _file_digest(path: Path) -> str:
    size = path.stat().st_size
    with path.open("rb") as file:
        content = file.read(_DIGESTED_BYTES)
        if size > _DIGESTED_BYTES:
            file.seek(-_DIGESTED_BYTES, os.SEEK_END)
            content += file.read()
    return f"{size}:{hashlib.sha256(content).hexdigest()}"
