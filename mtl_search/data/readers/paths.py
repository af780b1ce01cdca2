"""Files that a config names: by path, or inside an installed package."""

from __future__ import annotations

import importlib.util
import unicodedata
from pathlib import Path

from mtl_search.config.checks import check_text
from mtl_search.errors import ConfigError

PACKAGE = "package:"
_MAX_LISTED = 12


def find_file(argument: str, value: object, suffixes: tuple[str, ...]) -> Path:
    """Find the file (or folder, when `suffixes` is empty) that an argument names.

    Args:
        argument: The argument, for messages.
        value: A path, `~` for the home folder, or `package:NAME/path/inside`.
        suffixes: The suffixes of the files to suggest when there is no such file.

    Raises:
        ConfigError: The package is not installed, or there is no such file.
    """
    key = f"data.{argument}"
    written = check_text(value, key)
    try:
        if written.startswith(PACKAGE):
            path = _in_package(key, written)
        else:
            path = Path(written).expanduser()
        exists = path.exists()
    except ConfigError:  # no such package
        raise
    # The name is too long, has an unknown ~user, or a NUL in it.
    except (OSError, RuntimeError, ValueError) as error:
        raise ConfigError(f"this is no path: {error}", path=key, value=value) from None
    if exists:
        return path
    if "://" in written:
        raise ConfigError(
            "this is an address and no path: load the file down first", path=key, value=value
        )
    folder = path.parent
    where = "" if folder.is_dir() else f" (there is no folder {folder} either)"
    prefix = written[: len(written) - len(path.name)]
    raise ConfigError(
        f"there is no such {'file' if suffixes else 'folder'}{where}",
        path=key,
        value=value,
        allowed=[prefix + name for name in _names_in(folder, suffixes)[:_MAX_LISTED]],
    )


def _names_in(folder: Path, suffixes: tuple[str, ...]) -> list[str]:
    """Return the names of the files with these suffixes, or of the folders without any."""
    if not folder.is_dir():
        return []
    entries = sorted(folder.iterdir())
    if suffixes:
        return [entry.name for entry in entries if entry.name.endswith(suffixes)]
    return [entry.name for entry in entries if entry.is_dir()]


def _in_package(key: str, written: str) -> Path:
    """Return the path behind `package:NAME/path`.

    A package of the top level is found without being imported.
    """
    package, _, inside = written.removeprefix(PACKAGE).partition("/")
    if not package or not inside:
        raise ConfigError(
            "a file of a package is written package:NAME/path/inside/it", path=key, value=written
        )
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError, AttributeError):
        spec = None
    folders = list(spec.submodule_search_locations or ()) if spec is not None else []
    if not folders:
        raise ConfigError(
            f"the package {package!r} is not installed (try: pip install {package})",
            path=key,
            value=written,
        )
    paths = [Path(folder, inside) for folder in folders]  # a namespace package has several
    return next((path for path in paths if path.exists()), paths[0])


def named_file(folder: Path, name: str) -> Path:
    """Return the path of a file, whose é may be one code point in the table and two on the disk."""
    written = folder / name
    if name.isascii() or written.exists():
        return written
    others = (folder / unicodedata.normalize(form, name) for form in ("NFC", "NFD"))
    return next((path for path in others if path.exists()), written)
