"""The folder of a sweep: where it lies, whether it may be resumed, and that one driver at a time writes to it.

<folder>/config.yaml      the resolved config
<folder>/journal.jsonl    the truth
<folder>/trials/<id>/     checkpoints
<folder>/model.png        the network of the best trial, where the sweep is tracked
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mtl_search.errors import SweepError, nearest

CONFIG = "config.yaml"
JOURNAL = "journal.jsonl"
PICTURE = "model.png"


def new_folder(root: Path, name: str) -> Path:
    """The first of `<root>/<name>`, `<root>/<name>-2`, ... that does not exist."""
    number = 1
    while (folder := root / (name if number == 1 else f"{name}-{number}")).exists():
        number += 1
    return folder


def latest_folder(root: Path, name: str) -> Path:
    """The sweep of this name that was written to last.

    Raises:
        SweepError: There is none.
    """
    sweeps = [journal.parent for journal in root.glob(f"*/{JOURNAL}")]
    found = [folder for folder in sweeps if _is_numbered(folder.name, name)]
    if not found:
        there = (
            f"; sweeps there: {', '.join(sorted(folder.name for folder in sweeps))}"
            if sweeps
            else ""
        )
        near = nearest(name, [folder.name for folder in sweeps])
        hint = f"; did you mean {near!r}?" if near else ""
        raise SweepError(f"no sweep called {name!r} in {root} to resume or read{there}{hint}")
    return max(found, key=lambda folder: (folder / JOURNAL).stat().st_mtime)


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the lock goes with the process, however it ends.

    Raises:
        SweepError: Another process runs this sweep.
    """
    new = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SweepError(f"another process is running the sweep in {folder}") from None
        try:
            yield
        finally:
            if new and not holds_sweep(folder):  # refused before it began
                shutil.rmtree(folder, ignore_errors=True)


def forget_checkpoints(folder: Path, trial_id: str, *, best: bool) -> None:
    """Delete what a finished trial no longer needs: where it would have gone on, and its best network unless kept."""
    trial = folder / "trials" / trial_id
    parts = {
        f"{part}{ending}" for part in ("last", "best", "kept") for ending in ("", ".new", ".old")
    }
    for part in parts if best else parts - {"best"}:
        shutil.rmtree(trial / part, ignore_errors=True)


def holds_sweep(folder: Path) -> bool:
    """Return whether the folder has a journal with at least one event."""
    journal = folder / JOURNAL
    return journal.exists() and journal.stat().st_size > 0


def _is_numbered(folder: str, name: str) -> bool:
    rest = folder.removeprefix(name)
    return folder == name or (rest != folder and rest.startswith("-") and rest[1:].isdigit())
