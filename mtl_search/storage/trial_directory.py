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
from mtl_search.storage import atomic, disk
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.remote import RemoteStorage, below
from mtl_search.storage.sweep_directory import CHECKPOINTS


class TrialDirectory:
    """The folder of a trial, with its checkpoints.

    Where nodes share no disk, it is a temporary folder of this process with a copy in a storage. A
    trial may go on on another node, so only the copy counts: it is fetched when the trial begins,
    and brought up to date with every checkpoint that is written.

    Args:
        directory: The trial's folder; unused where there is a storage.
        storage: URI of the trial's folder in a storage; empty where there is none.

    Examples:
        >>> import tempfile
        >>> trial = TrialDirectory(tempfile.mkdtemp())
        >>> trial.write("last", lambda folder: (folder / "epoch").write_text("3"))
        >>> trial.read("last", "epoch")
        b'3'
    """

    def __init__(self, directory: str | Path, storage: str = "") -> None:
        self._directory = Path(directory)
        self._uri = storage

    @cached_property
    def folder(self) -> Path:
        """The folder on this node."""
        return self._temporary_folder() if self._uri else self._directory

    def fetch(self) -> None:
        """Copy the checkpoints from the storage, if there is one."""
        if self._uri:
            for checkpoint in CHECKPOINTS:
                fetch(self._storage, checkpoint, self.folder / checkpoint)

    def has(self, checkpoint: str) -> bool:
        """Return whether there is such a checkpoint, after repairing what a dead process left."""
        return atomic.recover_folder(self.folder / checkpoint)

    def read(self, checkpoint: str, file: str) -> bytes:
        """Return the content of one file of a checkpoint."""
        return (self.folder / checkpoint / file).read_bytes()

    def write(self, checkpoint: str, fill: Callable[[Path], Any]) -> None:
        """Put a checkpoint in place of the old one, which stays whole until then.

        Args:
            checkpoint: Name of its folder.
            fill: Writes the files into an empty folder.

        Raises:
            DiskFullError: There is no room.
        """
        with disk.writes_to(self.folder):
            atomic.replace_folder(self.folder / checkpoint, fill)
        if self._uri:
            with disk.writes_to(self._uri):
                self._storage.put(self.folder / checkpoint, checkpoint)

    def copy(self, checkpoint: str, to: str) -> None:
        """Put a copy of a checkpoint in place of another one.

        Raises:
            DiskFullError: There is no room.
        """
        source = self.folder / checkpoint
        self.write(to, lambda new: shutil.copytree(source, new, dirs_exist_ok=True))

    @cached_property
    def _storage(self) -> RemoteStorage:
        return RemoteStorage(self._uri)

    def _temporary_folder(self) -> Path:
        """Make a folder that is deleted with this object."""
        name = tempfile.mkdtemp(prefix="mtl_search-")
        weakref.finalize(self, shutil.rmtree, name, ignore_errors=True)
        return Path(name)


def fetch(storage: RemoteStorage, checkpoint: str, folder: Path) -> bool:
    """Copy a checkpoint from a storage to this folder; return False when there is none."""
    with tempfile.TemporaryDirectory(prefix="mtl_search-") as name:
        if not storage.get(checkpoint, Path(name)):
            return False
        atomic.replace_folder(folder, lambda new: shutil.copytree(name, new, dirs_exist_ok=True))
    return True


def trial_storage(config: Config, record: SweepRecord, trial_id: str) -> str:
    """Return the URI of a trial's folder in the storage; empty where there is none."""
    uri = config.resources.storage
    return below(uri, sweep_folder_name(record), trial_id) if uri else ""


def sweep_folder_name(record: SweepRecord) -> str:
    """Return the name of the sweep's folder in the storage."""
    return f"{record.name}-{record.id}"
