"""Where the files of a trial are."""

from __future__ import annotations

import shutil
import tempfile
import weakref
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from mtl_search.config import Config
from mtl_search.storage import disk
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.remote import RemoteStorage, below


class TrialDirectory:
    """The folder of a trial: its own, or where nodes share no disk, one of this process with a copy in a storage.

    A trial may be taken up on another node, so of such a folder only the storage's copy counts: it is fetched when the
    trial begins, and brought up to date with every part that is written.

    Args:
        directory: Of the trial; unused where there is a storage.
        storage: URI of the trial's folder in a storage; empty: none.
    """

    def __init__(self, directory: str | Path, storage: str = "") -> None:
        self._directory, self._uri = Path(directory), storage

    @cached_property
    def folder(self) -> Path:
        """On this node."""
        return self._scratch() if self._uri else self._directory

    def fetch(self) -> None:
        """Bring what earlier processes have written, where it is not here anyway."""
        if self._uri:
            for part in ("last", "best", "kept"):
                fetch(self._storage, part, self.folder / part)

    def read(self, part: str, file: str) -> bytes:
        """One file of a part."""
        return (self.folder / part / file).read_bytes()

    def write(self, part: str, fill: Callable[[Path], Any]) -> None:
        """Put a part in place of the old one; a process that dies meanwhile leaves the old one whole.

        Args:
            part: Name of a folder.
            fill: Writes its files into an empty folder.

        Raises:
            DiskFullError: There is no room.
        """
        with disk.writes_to(self.folder):
            replace(self.folder / part, fill)
        if self._uri:
            with disk.writes_to(self._uri):
                self._storage.put(self.folder / part, part)

    def copy(self, part: str, to: str) -> None:
        """Put a copy of a part in place of another one.

        Raises:
            DiskFullError: There is no room.
        """
        self.write(to, lambda fresh: shutil.copytree(self.folder / part, fresh, dirs_exist_ok=True))

    @cached_property
    def _storage(self) -> RemoteStorage:
        return RemoteStorage(self._uri)

    def _scratch(self) -> Path:
        """A folder that goes with this object."""
        name = tempfile.mkdtemp(prefix="mtl_search-")
        weakref.finalize(self, shutil.rmtree, name, ignore_errors=True)
        return Path(name)


def fetch(storage: RemoteStorage, part: str, folder: Path) -> bool:
    """Copy a part of a storage to this folder; False when there is no such part."""
    with tempfile.TemporaryDirectory(prefix="mtl_search-") as name:
        if not storage.get(part, Path(name)):
            return False
        replace(folder, lambda fresh: shutil.copytree(name, fresh, dirs_exist_ok=True))
    return True


def replace(place: Path, fill: Callable[[Path], Any]) -> None:
    """Fill a new folder and move it to its place; where that fails, nothing of it is left to take up room."""
    fresh, old = place.with_name(place.name + ".new"), place.with_name(place.name + ".old")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        fresh.mkdir(parents=True)
        fill(fresh)
    except BaseException:
        shutil.rmtree(fresh, ignore_errors=True)
        raise
    shutil.rmtree(old, ignore_errors=True)
    if place.exists():
        place.replace(old)
    fresh.replace(place)
    shutil.rmtree(old, ignore_errors=True)


def trial_storage(config: Config, record: SweepRecord, trial_id: str) -> str:
    """URI of a trial's folder in the storage; empty where there is none."""
    uri = config.resources.storage
    return below(uri, _name(record), trial_id) if uri else ""


def _name(record: SweepRecord) -> str:
    """Of the sweep's folder in the storage."""
    return f"{record.name}-{record.id}"
