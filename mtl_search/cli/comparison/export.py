"""`mtl-search export`: a sweep as a file of another program."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from mtl_search.cli.options import Debug, SweepFolder


def export(
    sweep: SweepFolder = None,
    optuna: Annotated[
        Path | None,
        typer.Option(
            "--optuna",
            help="Write the studies of all arms into this file: `.db`, `.sqlite` or `.sqlite3` for "
            "SQLite, `.log` for Optuna's journal.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the file where it exists.")
    ] = False,
    debug: Debug = False,  # read in `main`, where errors arrive
) -> None:
    """Write a sweep into a file of another program: its studies for Optuna and its dashboard.

    There is one study an arm, `<sweep>/<arm>`, with every trial of the journal: params with their
    distributions, objective by epoch, state, dates, and the leaderboard's row as user attributes.

    For example:

        mtl-search export runs/quickstart --optuna study.db
        optuna-dashboard sqlite:///study.db
    """
    if optuna is None:
        from mtl_search.errors import ConfigError

        raise ConfigError("nothing to write: name a file, such as --optuna study.db")
    export_command(sweep, optuna, overwrite=overwrite)


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
    storage = str(file) if file.suffix == ".log" else f"sqlite:///{file}"
    return shlex.join(["optuna-dashboard", storage])
