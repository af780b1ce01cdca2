"""What a job takes along: the config, the user's modules that it names, and files by request."""

from __future__ import annotations

import os
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mtl_search.errors import ConfigError
from mtl_search.jobs.modules import user_code
from mtl_search.storage import sweep_directory

MIB = 1024 * 1024
# Ray's server refuses a larger request, after the upload.
LIMIT = 100 * MIB
_MOST_NAMED = 5
_LEFT_OUT = {"__pycache__", "node_modules", "mlruns", "mlartifacts", "mlflow.db"}
# A fixed time makes the same content the same package, which is uploaded once.
_TIME = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True)
class Package:
    """The files of a job.

    Attributes:
        files: The name of each file in the working directory of the job → the file here, or its
            content.
        config: The name of the config among them.
    """

    files: Mapping[str, Path | bytes]
    config: str

    def write(self, path: Path, limit: int = LIMIT) -> int:
        """Write the package as a zip file.

        Args:
            path: The file to write.
            limit: The size in bytes that it must not exceed.

        Returns:
            Its size in bytes.

        Raises:
            ConfigError: It is larger than the limit; the message names the largest files.
        """
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, source in sorted(self.files.items()):
                info = zipfile.ZipInfo(name, _TIME)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o644 << 16
                with archive.open(info, "w", force_zip64=True) as target:
                    for chunk in _chunks(source):
                        target.write(chunk)
                        if path.stat().st_size > limit:
                            raise self._too_large(limit)
        if path.stat().st_size > limit:
            raise self._too_large(limit)
        return path.stat().st_size

    def sizes(self) -> dict[str, int]:
        """Return the size of each file in bytes, the largest first."""
        sizes = {
            name: len(source) if isinstance(source, bytes) else source.stat().st_size
            for name, source in self.files.items()
        }
        return dict(sorted(sizes.items(), key=lambda item: -item[1]))

    def _too_large(self, limit: int) -> ConfigError:
        sizes = list(self.sizes().items())
        largest = ", ".join(f"{name} ({show_size(size)})" for name, size in sizes[:_MOST_NAMED])
        return ConfigError(
            f"the package of the job is larger than {show_size(limit)}, which is all that Ray "
            f"takes (largest files: {largest}): put large data where all nodes see them, and name "
            "that path in the config",
            path="--include",
        )


def show_size(size: int) -> str:
    """Write a number of bytes for people.

    Examples:
        >>> show_size(300), show_size(5 * MIB)
        ('300 bytes', '5.0 MiB')
    """
    if size < 1024:
        return f"{size} bytes"
    return f"{size / 1024:.1f} KiB" if size < MIB else f"{size / MIB:.1f} MiB"


def pack(
    config: Path | bytes, tree: Mapping[str, Any], name: str, include: Sequence[str | Path] = ()
) -> Package:
    """Collect the files of a job.

    The working directory here becomes that of the job, so that paths below it mean the same there.

    Args:
        config: The file of the config, or its text.
        tree: The config as plain types, in which modules are looked for.
        name: The name of the sweep, after which a config without a file is called.
        include: Files and folders below the working directory that the sweep reads.

    Raises:
        ConfigError: A file is not there, or not below the working directory.
    """
    root = Path.cwd()
    if isinstance(config, bytes):
        config_name = f"{name}.yaml"
    else:
        inside = _inside(config, root)
        config_name = inside or config.name
    files: dict[str, Path | bytes] = {}
    for top, place in user_code(tree).items():
        files.update(_files(place, top if place.is_dir() else place.name))
    for written in include:
        files.update(_included(Path(written), root))
    files[config_name] = config
    return Package(files, config_name)


def unsent_files(tree: Any, package: Package) -> list[str]:
    """List the files below the working directory that a config names and a package lacks.

    Args:
        tree: The config as plain types, or a part of it.
        package: The package.
    """
    if isinstance(tree, Mapping):
        return [path for value in tree.values() for path in unsent_files(value, package)]
    if isinstance(tree, list | tuple):
        return [path for value in tree for path in unsent_files(value, package)]
    if not isinstance(tree, str) or "/" not in tree or tree.startswith(("/", "~")):
        return []
    try:
        is_here = Path(tree).exists()
    except (OSError, ValueError):  # too long for a path, or with a NUL in it
        return []
    name = Path(tree).as_posix()
    is_sent = any(sent == name or sent.startswith(f"{name}/") for sent in package.files)
    return [name] if is_here and not is_sent else []


def _included(path: Path, root: Path) -> dict[str, Path | bytes]:
    """Return the files of one `--include`.

    Raises:
        ConfigError: There is nothing there, or it is not below the working directory.
    """
    inside = _inside(path, root)
    if not path.exists():
        raise ConfigError("there is no such file or folder", path="--include", value=str(path))
    if inside is None:
        raise ConfigError(
            f"not below the working directory {root}, so that its path would mean something else "
            "on the cluster: call submit from a folder above it, and name it relative to that",
            path="--include",
            value=str(path),
        )
    files = {} if _is_left_out(Path(inside), root) else _files(path, inside)
    if not files:
        raise ConfigError(
            "nothing in there is sent (.git, results of sweeps and caches never are)",
            path="--include",
            value=str(path),
        )
    return files


def _inside(path: Path, root: Path) -> str | None:
    """Return a path relative to the root, or None where it is not below it."""
    relative = os.path.relpath(root / path.expanduser(), root)
    return None if relative.startswith("..") else Path(relative).as_posix()


def _files(place: Path, name: str) -> dict[str, Path | bytes]:
    """Return a file, or all files of a folder, by the names that they get in the package."""
    if place.is_file():
        return {name: place}
    prefix = "" if name == "." else f"{name}/"
    return {f"{prefix}{path.relative_to(place).as_posix()}": path for path in _walk(place)}


def _is_left_out(inside: Path, root: Path) -> bool:
    """Return whether a path leads into a repository, a cache or a sweep."""
    places = [root / inside, *(root / parent for parent in inside.parents)]
    is_result = any((place / sweep_directory.JOURNAL).exists() for place in places)
    return is_result or bool({".git", *_LEFT_OUT} & set(inside.parts))


def _walk(folder: Path) -> Iterator[Path]:
    """Yield the files of a folder, without repositories, caches and results of sweeps."""
    if (folder / sweep_directory.JOURNAL).exists():
        return
    for entry in sorted(folder.iterdir()):
        if entry.name.startswith(".") or entry.name in _LEFT_OUT or entry.suffix == ".pyc":
            continue
        if entry.is_dir():
            if not entry.is_symlink():
                yield from _walk(entry)
        elif entry.is_file():
            yield entry


def _chunks(source: Path | bytes) -> Iterator[bytes]:
    """Yield the content of a file of the package piece by piece."""
    if isinstance(source, bytes):
        yield source
        return
    try:
        with source.open("rb") as file:
            while chunk := file.read(MIB):
                yield chunk
    except OSError as error:
        raise ConfigError(f"cannot read a file of the job: {error}", value=str(source)) from None
