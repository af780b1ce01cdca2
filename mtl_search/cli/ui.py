"""`mtl-search ui`: MLflow's own server on the store of a sweep."""

from __future__ import annotations

import os
from pathlib import Path

from rich.console import Console

from mtl_search import api
from mtl_search.cli.http_server import (
    ServerProcess,
    check_port,
    ended_by_signals,
    local_address,
)
from mtl_search.cli.reporting import find_sweep
from mtl_search.errors import ConfigError
from mtl_search.tracking import find_addresses, read_place, ui_command, ui_environment


def serve(sweep: Path | None, host: str, port: int) -> int:
    """Serve MLflow's pages until Ctrl-C or SIGTERM, and print the one that shows the sweep.

    A sweep that is tracked on a server needs none here: then only the page is printed.

    Args:
        sweep: The sweep as the command line names it; None means the latest.
        host: The address that MLflow listens on.
        port: Its port.

    Returns:
        The exit status.

    Raises:
        ConfigError: `tracking.enabled` is false, and MLflow has nothing of the sweep.
        SweepError: There is no such sweep, its store cannot be reached, the port is taken, or
            MLflow's server ends.
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
    if command is None:
        console.print(_line(result, None), markup=False)
        return 0
    check_port(host, port)
    address = local_address(host, port)
    try:
        with ended_by_signals():
            line = _line(result, address)
            server = ServerProcess(command, _environment(result), "MLflow's server")
            with server:
                server.wait_until_it_answers(f"{address}/health")
                console.print(line, markup=False)
                console.print(f"Ctrl-C ends it; MLflow's log is {server.log}", markup=False)
                server.wait()
    except KeyboardInterrupt:
        pass
    return 0


def _line(result: api.Result, address: str | None) -> str:
    """Return the line with the page that shows most: others are links on it.

    Args:
        result: The sweep.
        address: That of the server which is about to start; None: the sweep has its own.
    """
    pages = find_addresses(result.config, result.directory, address)
    return f"{result.config.name} in MLflow: {pages.short or pages.run or pages.compare}"


def _environment(result: api.Result) -> dict[str, str]:
    """Return the environment of MLflow's server."""
    # Its jobs evaluate language models, in a dozen processes that nobody needs here.
    settings = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", **os.environ}
    # A module in the working directory must not take the place of one of MLflow's.
    settings["PYTHONSAFEPATH"] = "1"
    return settings | ui_environment(result.config, result.directory)
