"""`mtl-search ui`: MLflow's own server on the store of a sweep."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from rich.console import Console

from mtl_search import api
from mtl_search.cli.reporting import find_sweep
from mtl_search.errors import ConfigError
from mtl_search.tracking import find_addresses, read_place, ui_command, ui_environment


def serve(sweep: Path | None, host: str, port: int) -> int:
    """Print the addresses of the pages that show the sweep, then serve until Ctrl-C.

    A sweep that is tracked on a server needs none here: then only the addresses are printed.

    Args:
        sweep: The sweep as the command line names it; None means the latest.
        host: The address that MLflow listens on.
        port: Its port.

    Returns:
        The exit status.

    Raises:
        ConfigError: `tracking.enabled` is false, and MLflow has nothing of the sweep.
        SweepError: There is no such sweep, or its store cannot be reached.
    """
    console = Console(highlight=False, soft_wrap=True)
    result = api.Result(find_sweep(sweep))
    if not result.config.tracking.enabled and read_place(result.directory) is None:
        raise ConfigError(
            "the sweep is recorded nowhere, so it has no pages; mtl-search report --html FILE "
            "makes one",
            path="tracking.enabled",
            value=False,
        )
    command = ui_command(result.config, result.directory, port, host)
    address = None if command is None else f"http://{host}:{port}"
    # Printed by itself: the search for the runs imports MLflow, which takes seconds.
    console.print(f"Pages of {result.config.name}:")
    pages = find_addresses(result.config, result.directory, address)
    for text, url in (
        ("finalists by arm, as charts", pages.view),
        ("finalists by arm, as a table", pages.table),
        ("the sweep's run, with leaderboard and report", pages.run),
        ("the best trials beside each other", pages.compare),
    ):
        if url:
            console.print(f"  {text}:\n    {url}", markup=False)
    if command is None:
        return 0
    console.print("Starting MLflow; Ctrl-C stops it.")
    # Its jobs evaluate language models, in a dozen processes that nobody needs here.
    settings = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **os.environ}
    # A module in the working directory must not take the place of one of MLflow's.
    settings["PYTHONSAFEPATH"] = "1"
    settings |= ui_environment(result.config, result.directory)
    try:
        return subprocess.call(command, env=settings)
    except KeyboardInterrupt:
        return 0
