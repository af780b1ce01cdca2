"""The folder of a sweep, to which one driver at a time writes.

<folder>/config.yaml      the resolved config
<folder>/journal.jsonl    all that has happened
<folder>/.origin.json     which sweep and which folder this is (see `binding.folder`)
<folder>/trials/<id>/     checkpoints; of a finalist, test_items.npz (see `item_values`)
<folder>/preparation/     what raw rows need beside JSON, such as a tokenizer, if anything
<folder>/model.png        the network of the best trial, where the sweep is tracked
<folder>/report.*         the report as HTML, Markdown and JSON, likewise
<folder>/mlflow.json      where MLflow has the sweep, likewise
"""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from mtl_search.errors import ConfigError, RequestError, SweepError, listed, nearest
from mtl_search.storage import atomic

CONFIG = "config.yaml"
JOURNAL = "journal.jsonl"
PICTURE = "model.png"
PREPARATION = "preparation"
TRIALS = "trials"
_SAVED_MODEL = "model.json"
# Folders of a trial: where it goes on, its best network, and what that was when `last` was written.
CHECKPOINTS = ("last", "best", "kept")


@contextmanager
def new_folder(root: Path, name: str) -> Iterator[Path]:
    """Make the first of `<root>/<name>`, `<root>/<name>-2`, ... that does not exist.

    It is made as soon as it is chosen, so that of two sweeps that begin at once each has its own.
    One in which nothing has begun when the block ends is deleted.

    Args:
        root: The folder of all sweeps.
        name: The sweep's name.

    Raises:
        ConfigError: It cannot be made.
    """
    is_first = not root.exists()
    folder = _make_free(root, name)
    try:
        yield folder
    finally:
        if not holds_sweep(folder):
            shutil.rmtree(folder, ignore_errors=True)
        if is_first and not folder.exists():
            with suppress(OSError):
                root.rmdir()


def _make_free(root: Path, name: str) -> Path:
    folder, number = root / name, 1
    try:
        root.mkdir(parents=True, exist_ok=True)
        while True:
            with suppress(FileExistsError):
                folder.mkdir()
                return folder
            number += 1
            folder = root / f"{name}-{number}"
    except OSError as error:
        raise cannot_make(folder, error) from None


def free_folder(root: Path, name: str) -> Path:
    """Return the first of `<root>/<name>`, `<root>/<name>-2`, ... that does not exist."""
    folder, number = root / name, 1
    while folder.exists():
        number += 1
        folder = root / f"{name}-{number}"
    return folder


def cannot_make(folder: Path, error: OSError) -> ConfigError:
    """Return the error of a folder for a sweep that cannot be made or written to."""
    return ConfigError(
        f"the folder of the sweep cannot be written to ({error.strerror or error}): give it other "
        "permissions, or name another folder (--output)",
        path="output",
        value=str(folder),
    )


def latest_folder(root: Path, name: str) -> Path:
    """Return the sweep of this name that was written to last.

    Raises:
        SweepError: There is none.
    """
    sweeps = [journal.parent for journal in root.glob(f"*/{JOURNAL}")]
    of_this_name = [folder for folder in sweeps if _is_numbered(folder.name, name)]
    if not of_this_name:
        message = f"there is no sweep called {name!r} in {root}/"
        names = sorted(folder.name for folder in sweeps)
        if names:
            message += f"; sweeps there: {listed(names)}"
        near = nearest(name, names)
        if near:
            message += f"; did you mean {near!r}?"
        raise RequestError(message)
    return max(of_this_name, key=lambda folder: (folder / JOURNAL).stat().st_mtime)


def check_folder(folder: Path, *, resume: bool) -> None:
    """Refuse a folder that a new sweep cannot go to, or that holds none to resume.

    Args:
        folder: The folder; of a new sweep it may not be there yet.
        resume: Whether to go on with the sweep in it.

    Raises:
        RequestError: It is a file, it holds a sweep already, or it holds nothing to resume.
    """
    if folder.is_file():
        raise RequestError(f"{folder} is a file; a sweep is a folder: name another one")
    if holds_sweep(folder) and not resume:
        raise RequestError(
            f"{folder} holds a sweep already: --resume goes on with it, "
            "--output names another folder"
        )
    if resume and not holds_sweep(folder):
        raise RequestError(f"{folder} holds no sweep to resume")


def no_sweep_at(folder: Path) -> str:
    """Say what a folder is that holds no sweep, and which one beside it may have been meant.

    Args:
        folder: The folder; it may be a file, or not be there.

    Examples:
        >>> no_sweep_at(Path("tests/fixtures/sweeps/v0_1_finishd"))
        "tests/.../v0_1_finishd is not there; did you mean 'tests/.../v0_1_finished'?"
    """
    what = "is not there"
    if (folder / _SAVED_MODEL).exists():
        what = "is a model, and no sweep"
    elif folder.is_dir():
        what = f"holds no sweep (there is no {JOURNAL} in it)"
    elif folder.exists():
        what = "is a file; a sweep is a folder"
    inside, beside = _sweeps_in(folder), _sweeps_in(folder.parent)
    if inside:
        return f"{folder} {what}; sweeps in it: {', '.join(inside)}"
    near = nearest(folder.name, beside)
    meant = f"; did you mean {str(folder.with_name(near))!r}?" if near else ""
    return f"{folder} {what}{meant}"


def _sweeps_in(folder: Path) -> list[str]:
    try:
        return sorted(journal.parent.name for journal in folder.glob(f"*/{JOURNAL}"))
    except (OSError, ValueError):  # no right to read it, or a path that cannot be one
        return []


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the lock goes with the process, however it ends.

    Raises:
        ConfigError: The folder cannot be written to.
        SweepError: Another process runs this sweep.
    """
    try:
        new = not folder.exists()
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / ".lock").open("w")
    except OSError as error:
        raise cannot_make(folder, error) from None
    with lock as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise SweepError(f"another process is running the sweep in {folder}") from None
        try:
            yield
        finally:
            if new and not holds_sweep(folder):  # the sweep was refused before it began
                shutil.rmtree(folder, ignore_errors=True)


def forget_checkpoints(folder: Path, trial_id: str, *, best: bool) -> None:
    """Delete the checkpoints that a finished trial no longer needs.

    Args:
        folder: The sweep's folder.
        trial_id: The trial's id.
        best: Whether its best network is deleted, too.
    """
    for checkpoint in CHECKPOINTS:
        path = folder / TRIALS / trial_id / checkpoint
        if checkpoint == "best" and not best:
            atomic.delete_leftovers(path)
        else:
            atomic.delete_folder(path)


def network_folder(folder: Path, trial_id: str) -> Path:
    """Return the folder of a trial's best network, which is there where the network was kept."""
    return folder / TRIALS / trial_id / "best"


def preparation_folder(folder: Path) -> Path:
    """Return the folder of what prepares raw rows beside JSON; there may be none."""
    return folder / PREPARATION


def holds_sweep(folder: Path) -> bool:
    """Return whether the folder has a journal with at least one event."""
    journal = folder / JOURNAL
    return journal.exists() and journal.stat().st_size > 0


def _is_numbered(folder: str, name: str) -> bool:
    """Return whether `new_folder` gives such a name."""
    rest = folder.removeprefix(name)
    return folder == name or (rest != folder and rest.startswith("-") and rest[1:].isdigit())
