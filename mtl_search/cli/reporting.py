"""How a sweep is named on the command line."""

from __future__ import annotations

from pathlib import Path

from mtl_search import api
from mtl_search.config import load_config
from mtl_search.errors import RequestError, nearest
from mtl_search.storage import sweep_directory


def find_sweep(named: Path | None) -> Path:
    """Find the folder of a sweep.

    Args:
        named: The sweep's folder, its config or its name; None means the latest sweep.

    Raises:
        SweepError: There is no such sweep.
    """
    if named is not None and (named / sweep_directory.JOURNAL).exists():
        return named
    if named is not None and named.suffix in (".yaml", ".yml") and named.is_file():
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
        raise RequestError(_no_sweep_at(name))
    return sweep_directory.latest_folder(api.RUNS, str(name))


def _no_sweep_at(folder: Path) -> str:
    """Say that a folder holds no sweep, and which folder beside it may have been meant."""
    what = "holds no sweep: there is no journal.jsonl in it" if folder.exists() else "is not there"
    near = nearest(folder.name, sorted(path.parent.name for path in _beside(folder)))
    meant = f"; did you mean {str(folder.with_name(near))!r}?" if near else ""
    return f"{folder} {what}{meant}"


def _beside(folder: Path) -> list[Path]:
    try:
        return list(folder.parent.glob(f"*/{sweep_directory.JOURNAL}"))
    except (OSError, ValueError):
        return []
