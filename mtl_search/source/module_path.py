"""Where Python looks for modules: the working directory comes last, in every process.

A config names code of the user's as `module:attribute`, which is looked for in the working
directory, too. It must not come first, as with `python -m` and in Ray's workers: a `torch.py` that
lies there would be executed in place of torch. Ray puts the package of a job first, in driver and
workers; it is moved when `mtl_search` is imported, before anything that is not of Python's own.
"""

from __future__ import annotations

import filecmp
import os
import sys
from importlib.util import find_spec
from pathlib import Path

from mtl_search.errors import ConfigError

# Tells the processes of trials, which may work elsewhere, the driver's working directory.
_DIRECTORY = "MTL_SEARCH_WORKING_DIRECTORY"


# The folder of Ray's session below which the packages of jobs lie.
_PACKAGES = "working_dir_files"


def put_job_package_last() -> None:
    """Move the package of a Ray job, which is its working directory, to the end of the module path.

    Ray names it in `PYTHONPATH`, before all else. The first entry stays: it is Python's own.
    """
    packages = [entry for entry in sys.path[1:] if Path(entry).parent.name == _PACKAGES]
    if packages:
        others = [entry for entry in sys.path[1:] if entry not in packages]
        sys.path[1:] = [*others, *dict.fromkeys(packages)]


def put_working_directory_last() -> None:
    """Move the working directory to the end of the module path, where `PYTHONPATH` lacks it."""
    here = str(Path.cwd())
    named = [entry for entry in os.environ.get("PYTHONPATH", "").split(os.pathsep) if entry]
    if sys.path and sys.path[0] in ("", here) and sys.path[0] not in named:
        del sys.path[0]
    if here not in sys.path:
        sys.path.append(here)


def export_working_directory() -> dict[str, str]:
    """Set the variable that `restore_working_directory` reads; return it with its value."""
    here = str(Path.cwd())
    os.environ[_DIRECTORY] = here
    return {_DIRECTORY: here}


def restore_working_directory() -> None:
    """Add the driver's working directory to the end of the module path of this process."""
    directory = os.environ.get(_DIRECTORY)
    if directory and directory not in sys.path:
        sys.path.append(directory)


def shadowed_file(module: str) -> Path | None:
    """Return the file or package in the working directory that another module of its name hides.

    A module that is installed with the same source, as on a cluster that has the user's project,
    hides nothing.

    Args:
        module: The dotted name of a module.
    """
    top = module.partition(".")[0]
    places = (Path(f"{top}.py"), Path(top, "__init__.py"))
    own = next((place for place in places if top.isidentifier() and place.is_file()), None)
    if own is None:
        return None
    imported = sys.modules.get(top)
    spec = getattr(imported, "__spec__", None) if imported is not None else find_spec(top)
    if spec is None or spec.origin is None:
        return None
    if spec.origin in ("built-in", "frozen"):
        return own
    return None if _has_same_source(module, own, Path(spec.origin)) else own


def _has_same_source(module: str, own: Path, installed: Path) -> bool:
    """Return whether a module has the same source below both places of its outermost package."""
    root = installed.parent.parent if own.name == "__init__.py" else installed.parent
    stem = Path(*module.split("."))
    places = (stem.with_suffix(".py"), stem / "__init__.py")
    file = next((place for place in places if place.is_file()), own)
    other = root / file
    return other.is_file() and filecmp.cmp(file, other, shallow=False)


def check_not_hidden(module: str, path: str = "") -> None:
    """Refuse a module of the working directory that an installed one of its name hides.

    Args:
        module: The dotted name of the module.
        path: Dotted path of the key that holds it, for the message.

    Raises:
        ConfigError: There are both.
    """
    own = shadowed_file(module)
    if own is not None:
        top = module.partition(".")[0]
        message = (
            f"there are two modules {top!r}: {own} in the working directory, and an installed one, "
            "which Python takes and which differs: give yours another name, or install it there"
        )
        raise ConfigError(message, path=path, value=module)
