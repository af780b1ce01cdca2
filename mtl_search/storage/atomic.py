"""Files and folders that are written whole or not at all, even where the process dies meanwhile.

A file is written under another name in the same folder, since only within one file system a rename
is atomic. A folder cannot be renamed over another one: the old one moves to `<name>.old` first, and
`recover_folder` repairs what is left where the process died between the two moves.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any


@contextmanager
def replace_file(path: Path) -> Iterator[Path]:
    """Yield the path of a new file, which takes the place of `path` when the block has ended.

    The name has the number of the process in it, so that several may write the same file.

    Examples:
        >>> import tempfile
        >>> path = Path(tempfile.mkdtemp()) / "weights.json"
        >>> with replace_file(path) as new_file:
        ...     _ = new_file.write_text("{}")
        >>> path.read_text()
        '{}'
    """
    new_file = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield new_file
        new_file.replace(path)
    finally:
        new_file.unlink(missing_ok=True)


def replace_folder(path: Path, fill: Callable[[Path], Any]) -> None:
    """Put a new folder in place of an old one, if there is one.

    Args:
        path: The folder.
        fill: Writes the files into the empty folder that it is given. Where it fails, the old
            folder stays, and nothing of the new one is left to take up room.
    """
    new, old = _names(path)
    try:
        _make_empty(new)
        fill(new)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    if path.exists():
        shutil.rmtree(old, ignore_errors=True)
        path.replace(old)
    new.replace(path)
    shutil.rmtree(old, ignore_errors=True)


def recover_folder(path: Path) -> bool:
    """Bring an old folder back whose successor did not arrive; return whether there is a folder."""
    _, old = _names(path)
    if not path.exists() and old.exists():
        old.replace(path)
    return path.is_dir()


def delete_folder(path: Path) -> None:
    """Delete a folder, and what an interrupted `replace_folder` has left beside it."""
    shutil.rmtree(path, ignore_errors=True)
    delete_leftovers(path)


def delete_leftovers(path: Path) -> None:
    """Delete what an interrupted `replace_folder` has left beside a folder."""
    for leftover in _names(path):
        shutil.rmtree(leftover, ignore_errors=True)


def _make_empty(folder: Path) -> None:
    """Make a folder; where a dead process has left one, it is emptied."""
    try:
        folder.mkdir()
    except FileExistsError:
        shutil.rmtree(folder)
        folder.mkdir()
    except FileNotFoundError:
        folder.mkdir(parents=True)


def _names(path: Path) -> tuple[Path, Path]:
    """Return where the next folder is filled, and where the last one goes."""
    return path.with_name(f"{path.name}.new"), path.with_name(f"{path.name}.old")
