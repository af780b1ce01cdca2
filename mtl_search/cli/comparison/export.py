"""`mtl-search export --optuna`: the studies of a sweep, for Optuna and its dashboard."""

from __future__ import annotations

import shlex
from pathlib import Path


def export_command(sweep: Path | None, file: Path, *, overwrite: bool) -> None:
    """Write the studies of a sweep, and print how to look at them.

    Args:
        sweep: The sweep as the command line names it; None means the latest.
        file: The file to write.
        overwrite: Whether a file that exists is replaced.

    Raises:
        ConfigError: The file exists, its folder does not, or its name has another ending.
        SweepError: There is no such sweep, it has no trial yet, or the file cannot be written.
    """
    from mtl_search import api
    from mtl_search.cli.console import console
    from mtl_search.cli.reporting import find_sweep

    result = api.Result(find_sweep(sweep))
    names = result.export_optuna(file, overwrite=overwrite)
    trials = len(result.record.trials)
    console().print(
        f"{len(names):,} studies with {trials:,} trials → {file}\n"
        f"Look at them with: {dashboard_command(file)}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def dashboard_command(file: Path) -> str:
    """Return the command that opens a file of studies.

    Args:
        file: The file, SQLite or a journal of Optuna's.

    Examples:
        >>> dashboard_command(Path("study.db"))
        'optuna-dashboard sqlite:///study.db'
        >>> dashboard_command(Path("study.log"))
        'optuna-dashboard study.log'
    """
    from mtl_search.tracking.address import sqlite_uri

    storage = str(file) if file.suffix == ".log" else sqlite_uri(file)
    return shlex.join(["optuna-dashboard", storage])
