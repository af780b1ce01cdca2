"""How a sweep is named on the command line."""

from __future__ import annotations

from pathlib import Path

from mtl_search import api
from mtl_search.config import load_config
from mtl_search.errors import RequestError, nearest
from mtl_search.storage import sweep_directory

_CONFIG_ENDINGS = (".yaml", ".yml")


def find_sweep(named: Path | None) -> Path:
    """Find the folder of a sweep.

    Args:
        named: The sweep's folder, its config or its name; None means the latest sweep.

    Raises:
        SweepError: There is no such sweep.
    """
    if named is not None and (named / sweep_directory.JOURNAL).exists():
        return named
    if named is not None and named.suffix in _CONFIG_ENDINGS and named.is_file():
        return sweep_directory.latest_folder(api.RUNS, load_config(named).name)
    if named is not None:
        return _called(named)
    journals = sorted(
        api.RUNS.glob(f"*/{sweep_directory.JOURNAL}"), key=lambda path: path.stat().st_mtime
    )
    if not journals:
        raise RequestError(f"there is no sweep in {api.RUNS}/ yet: mtl-search run CONFIG makes one")
    return journals[-1].parent


def _called(name: Path) -> Path:
    if (api.RUNS / name / sweep_directory.JOURNAL).exists():
        return api.RUNS / name
    if len(name.parts) > 1:  # a path, and no name
        raise RequestError(sweep_directory.no_sweep_at(name))
    try:
        return sweep_directory.latest_folder(api.RUNS, str(name))
    except RequestError:
        if name.exists():
            raise RequestError(sweep_directory.no_sweep_at(name)) from None
        if name.suffix in _CONFIG_ENDINGS:
            raise RequestError(_no_config(name)) from None
        raise


def _no_config(path: Path) -> str:
    names = [str(beside) for ending in _CONFIG_ENDINGS for beside in Path().glob(f"*{ending}")]
    near = nearest(str(path), sorted(names))
    meant = f"; did you mean {near!r}?" if near else ""
    return f"there is no config {path} by which its sweep could be found{meant}"
