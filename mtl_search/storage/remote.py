"""A folder that all nodes of a cluster reach: a shared disk or an object store, by PyArrow.

A checkpoint (such as `last`) is a folder of files. It is copied under a name of its own, and a
small file `last` with that name is written when all is there. So a reader finds the old checkpoint
or the new one, and never half of one; in an object store no folder can be renamed at once.
"""

from __future__ import annotations

import re
import uuid
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from pyarrow.fs import FileInfo, FileSelector, FileSystem, FileType, LocalFileSystem, copy_files

from mtl_search.config import Config
from mtl_search.config.secrets import masked, usable
from mtl_search.errors import ConfigError


class RemoteStorage:
    """One folder in a storage.

    Args:
        uri: An absolute path, or a URI that `pyarrow.fs.FileSystem.from_uri` knows, with its
            options (`s3://bucket/folder?region=...`).

    Raises:
        ValueError: There is no such kind of storage.
        OSError: The storage cannot be reached. Every method may raise it.

    Examples:
        >>> import tempfile
        >>> storage = RemoteStorage(tempfile.mkdtemp())
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     _ = (Path(folder) / "epoch").write_text("3")
        ...     storage.put(Path(folder), "last")
        >>> storage.get("last", Path(tempfile.mkdtemp())), storage.get("best", Path("unused"))
        (True, False)
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._files, self._root = FileSystem.from_uri(usable(uri))

    def put(self, folder: Path, checkpoint: str) -> None:
        """Copy a folder to here, in place of the checkpoint of this name."""
        name = f"{checkpoint}.{uuid.uuid4().hex[:12]}"
        self._files.create_dir(self._path(name), recursive=True)
        copy_files(str(folder), self._path(name), LocalFileSystem(), self._files)
        with self._files.open_output_stream(self._path(f"{checkpoint}.new")) as file:
            file.write(name.encode())
        self._files.move(self._path(f"{checkpoint}.new"), self._path(checkpoint))
        for entry in self._files.get_file_info(FileSelector(self._path())):
            is_version = entry.base_name.startswith(f"{checkpoint}.") and self._is_folder(entry)
            if is_version and entry.base_name != name:
                self._files.delete_dir(entry.path)

    def get(self, checkpoint: str, folder: Path) -> bool:
        """Copy the files of a checkpoint into an empty folder; return False when there is none."""
        if not self._has_file(checkpoint):
            return False
        with self._files.open_input_stream(self._path(checkpoint)) as file:
            name = file.read().decode()
        if not re.fullmatch(rf"{re.escape(checkpoint)}\.[0-9a-f]+", name):
            raise OSError(f"{self._path(checkpoint)} names no folder of this checkpoint")
        copy_files(self._path(name), str(folder), self._files, LocalFileSystem())
        return True

    def folders(self) -> list[str]:
        """Return the names of the folders in this one; none where it does not exist."""
        selector = FileSelector(self._path(), allow_not_found=True)
        entries = self._files.get_file_info(selector)
        return [entry.base_name for entry in entries if self._is_folder(entry)]

    def delete(self) -> None:
        """Delete the whole folder, if there is one."""
        if self._is_folder(self._files.get_file_info(self._path())):
            self._files.delete_dir(self._path())

    def check(self) -> None:
        """Check that files can be written and deleted."""
        self.delete_mark(self.write_mark())

    def write_mark(self) -> str:
        """Write a small file; return its name."""
        name = f"writable-{uuid.uuid4().hex[:12]}"
        self._files.create_dir(self._path(), recursive=True)
        with self._files.open_output_stream(self._path(name)) as file:
            file.write(b"yes")
        return name

    def has_mark(self, name: str) -> bool:
        """Return whether this is the storage to which the mark was written."""
        return self._has_file(name)

    def delete_mark(self, name: str) -> None:
        """Delete a mark."""
        self._files.delete_file(self._path(name))

    def _has_file(self, name: str) -> bool:
        entry = self._files.get_file_info(self._path(name))
        return bool(entry.type == FileType.File)

    def _is_folder(self, entry: FileInfo) -> bool:
        return bool(entry.type == FileType.Directory)

    def _path(self, *names: str) -> str:
        return "/".join([self._root.rstrip("/"), *names])


def below(uri: str, *names: str) -> str:
    """Return the URI of a folder in this one.

    Examples:
        >>> below("s3://bucket/sweeps?region=eu", "small")
        's3://bucket/sweeps/small?region=eu'
    """
    if "://" not in uri:
        return "/".join([uri.rstrip("/"), *names])
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(path="/".join([parts.path.rstrip("/"), *names])))


def check_storage(config: Config) -> None:
    """Check that the storage of a config can be written to, if it has one.

    Raises:
        ConfigError: It cannot, or there is no such kind of storage.
    """
    uri = config.resources.storage
    if uri is None:
        return
    try:
        RemoteStorage(uri).check()
    except (ValueError, OSError) as error:
        message = (
            "no folder that can be written to: an absolute path, s3://bucket/folder or "
            f"gs://bucket/folder ({masked(str(error))})"
        )
        raise ConfigError(message, path="resources.storage", value=uri) from error


def storage_problem(uri: str, mark: str) -> str:
    """Return what is wrong with a storage as this node sees it; empty where nothing is.

    Args:
        uri: The storage.
        mark: The name of a mark that another node has written there.
    """
    try:
        storage = RemoteStorage(uri)
        if not storage.has_mark(mark):
            return "another folder, or none"
        storage.check()
    except (ValueError, OSError) as error:
        return " ".join(str(error).split())
    return ""
