"""Files that a config names: by path, or inside an installed package."""

from __future__ import annotations

import importlib.util
from pathlib import Path

from mtl_search.config.checks import check_text
from mtl_search.errors import ConfigError

PACKAGE = "package:"
_SHOWN = 12


def find_file(name: str, value: object, suffixes: tuple[str, ...]) -> Path:
    """The file (or folder, when `suffixes` is empty) that an argument names.

    Args:
        name: The argument, for messages.
        value: A path, `~` for the home folder, or `package:NAME/path/inside`.
        suffixes: Endings of the names to suggest when there is no such file.

    Raises:
        ConfigError: The package is not installed, or there is no such file.
    """
    written = check_text(value, f"data.{name}")
    try:
        path = (
            _in_package(name, written)
            if written.startswith(PACKAGE)
            else Path(written).expanduser()
        )
        exists = path.exists()
    except ConfigError:  # no such package
        raise
    except (
        OSError,
        RuntimeError,
        ValueError,
    ) as error:  # a name too long, an unknown ~user, a NUL in it
        raise ConfigError(f"this is no path: {error}", path=f"data.{name}", value=value) from None
    if exists:
        return path
    folder = path.parent
    like = (lambda p: p.name.endswith(suffixes)) if suffixes else Path.is_dir
    beside = sorted(filter(like, folder.iterdir())) if folder.is_dir() else []
    listed = [written[: len(written) - len(path.name)] + p.name for p in beside[:_SHOWN]]
    where = "" if folder.is_dir() else f" (there is no folder {folder} either)"
    raise ConfigError(
        f"there is no such {('file' if suffixes else 'folder')}{where}",
        path=f"data.{name}",
        value=value,
        allowed=listed,
    )


def _in_package(name: str, written: str) -> Path:
    """The path behind `package:NAME/path`; a package of the top level is found without being imported."""
    package, _, inside = written.removeprefix(PACKAGE).partition("/")
    if not package or not inside:
        raise ConfigError(
            "a file of a package is written package:NAME/path/inside/it",
            path=f"data.{name}",
            value=written,
        )
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError, AttributeError):
        spec = None
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    if not folders:
        raise ConfigError(
            f"the package {package!r} is not installed (try: pip install {package})",
            path=f"data.{name}",
            value=written,
        )
    return next(
        (Path(f, inside) for f in folders if Path(f, inside).exists()), Path(folders[0], inside)
    )
