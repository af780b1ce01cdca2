"""Which folder a sweep is in, so that a copy of it is told from the original.

A copy has the id of its original, by which MLflow and a storage know the runs and the checkpoints:
if it went on, it would write into those of the original. A folder that was moved is no copy.
"""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path

from mtl_search.errors import RequestError
from mtl_search.storage import atomic
from mtl_search.storage.sweep_directory import JOURNAL

MARK = ".origin.json"


def write_mark(folder: Path, sweep: str) -> None:
    """Write down that this folder is the one of a sweep.

    Args:
        folder: The sweep's folder.
        sweep: The sweep's id.

    Examples:
        >>> import tempfile
        >>> folder = Path(tempfile.mkdtemp())
        >>> write_mark(folder, "8b3f5186154a")
        >>> check_owner(folder, "8b3f5186154a")
    """
    mark = {"sweep": sweep, "folder": str(folder.resolve())}
    if _read_mark(folder) != (sweep, folder.resolve()):
        with atomic.replace_file(folder / MARK) as new_file:
            new_file.write_text(json.dumps(mark) + "\n", encoding="utf-8")


def check_owner(folder: Path, sweep: str) -> None:
    """Check that the journal in a folder is that of the folder's sweep.

    Args:
        folder: The sweep's folder.
        sweep: The id in its journal.

    Raises:
        RequestError: It is another one's.
    """
    owner, _ = _read_mark(folder)
    if owner and sweep and owner != sweep:
        raise RequestError(
            f"{folder / JOURNAL} is the journal of another sweep (its id is {sweep}, and the "
            f"folder's is {owner}): the networks in the folder are not those that it tells of, so "
            "put the folder's own journal back"
        )


def check_original(folder: Path, sweep: str) -> None:
    """Check that a folder is no copy of another one that is still there, before it is written to.

    Args:
        folder: The sweep's folder.
        sweep: The sweep's id.

    Raises:
        RequestError: It is a copy.
    """
    original = _original_of(folder.resolve(), sweep)
    if original is not None:
        raise RequestError(
            f"{folder} is a copy of the sweep in {original}, and would write into its MLflow runs "
            f"and checkpoints: go on with {original}; or delete or move that folder, and this one "
            "takes its place; or start a new sweep in another folder. Reports, comparisons and "
            "predictions of a copy work as they are"
        )


def _original_of(folder: Path, sweep: str) -> Path | None:
    owner, place = _read_mark(folder)
    if owner == sweep and place is not None:
        return place if _is_elsewhere(place, folder) and _sweep_in(place) == sweep else None
    # A sweep that began before there were marks: the one that went on first has its mark.
    with suppress(OSError):
        for journal in folder.parent.glob(f"*/{JOURNAL}"):
            other = journal.parent
            if _read_mark(other) == (sweep, other.resolve()) and _is_elsewhere(other, folder):
                return other
    return None


def _is_elsewhere(place: Path, folder: Path) -> bool:
    """Return whether a folder is there, and another one; one disk may have several paths."""
    try:
        return not place.samefile(folder)
    except OSError:
        return False


def _read_mark(folder: Path) -> tuple[str, Path | None]:
    try:
        mark = json.loads((folder / MARK).read_text(encoding="utf-8"))
        return str(mark["sweep"]), Path(str(mark["folder"]))
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return "", None


def _sweep_in(folder: Path) -> str:
    """Return the id of the sweep in a folder; empty where there is none."""
    try:
        with (folder / JOURNAL).open("rb") as file:
            return str(json.loads(file.readline())["id"])
    except (OSError, ValueError, TypeError, KeyError, RecursionError):
        return ""
