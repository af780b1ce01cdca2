"""A folder that all nodes of a cluster reach: a shared disk, or an object store (`s3://`, `gs://`), by pyarrow.

A part (such as `last`) is a folder of files. It is copied beside the old one under a name of its own, and a small file
with that name is written last. So whoever reads finds the old part or the new one, and never half of one.
"""

from __future__ import annotations

import uuid
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from pyarrow.fs import FileSelector, FileSystem, FileType, LocalFileSystem, copy_files

from mtl_search.config import Config
from mtl_search.errors import ConfigError


class RemoteStorage:
    """One folder in a storage.

    Args:
        uri: An absolute path, or a URI that `pyarrow.fs.FileSystem.from_uri` knows, with its options
            (`s3://bucket/folder?region=...`).

    Raises:
        ValueError: There is no such kind of storage.
        OSError: It cannot be reached. So may every method.
    """

    def __init__(self, uri: str) -> None:
        self.uri = uri
        self._files, self._root = FileSystem.from_uri(uri)

    def put(self, folder: Path, part: str) -> None:
        """Copy a folder to here, in place of the part of this name."""
        name = f"{part}.{uuid.uuid4().hex[:12]}"
        self._files.create_dir(self._path(name), recursive=True)
        copy_files(str(folder), self._path(name), LocalFileSystem(), self._files)
        with self._files.open_output_stream(self._path(f"{part}.new")) as file:
            file.write(name.encode())
        self._files.move(self._path(f"{part}.new"), self._path(part))
        for old in self._files.get_file_info(FileSelector(self._path())):
            if (
                old.type == FileType.Directory
                and old.base_name.startswith(f"{part}.")
                and old.base_name != name
            ):
                self._files.delete_dir(old.path)

    def get(self, part: str, folder: Path) -> bool:
        """Copy the files of a part into an empty folder; False when there is no such part."""
        if self._files.get_file_info(self._path(part)).type != FileType.File:
            return False
        with self._files.open_input_stream(self._path(part)) as file:
            name = file.read().decode()
        copy_files(self._path(name), str(folder), self._files, LocalFileSystem())
        return True

    def folders(self) -> list[str]:
        """Names of the folders in this one; none where it is not there."""
        found = self._files.get_file_info(FileSelector(self._path(), allow_not_found=True))
        return [entry.base_name for entry in found if entry.type == FileType.Directory]

    def delete(self) -> None:
        """The whole folder, if there is one."""
        if self._files.get_file_info(self._path()).type == FileType.Directory:
            self._files.delete_dir(self._path())

    def check(self) -> None:
        """See whether files can be written and deleted."""
        self.delete_mark(self.write_mark())

    def write_mark(self) -> str:
        """Write a small file; returns its name."""
        name = f"writable-{uuid.uuid4().hex[:12]}"
        self._files.create_dir(self._path(), recursive=True)
        with self._files.open_output_stream(self._path(name)) as file:
            file.write(b"yes")
        return name

    def has_mark(self, name: str) -> bool:
        """Whether this is the storage to which the mark was written."""
        found: bool = self._files.get_file_info(self._path(name)).type == FileType.File
        return found

    def delete_mark(self, name: str) -> None:
        """Delete it again."""
        self._files.delete_file(self._path(name))

    def _path(self, *names: str) -> str:
        return "/".join([self._root.rstrip("/"), *names])


def below(uri: str, *names: str) -> str:
    """The URI of a folder in this one."""
    if "://" not in uri:
        return "/".join([uri.rstrip("/"), *names])
    parts = urlsplit(uri)
    return urlunsplit(parts._replace(path="/".join([parts.path.rstrip("/"), *names])))


def check_storage(config: Config) -> None:
    """See whether the storage can be written to.

    Raises:
        ConfigError: It cannot, or there is no such kind of storage.
    """
    uri = config.resources.storage
    if uri is None:
        return
    try:
        RemoteStorage(uri).check()
    except (ValueError, OSError) as error:
        what = f"no folder that can be written to: an absolute path, s3://bucket/folder or gs://bucket/folder ({error})"
        raise ConfigError(what, path="resources.storage", value=uri) from error
