"""`mtl-search ui`: MLflow's own server on the store of a sweep."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rich.console import Console

from mtl_search import api
from mtl_search.cli.reporting import find_sweep
from mtl_search.tracking import Tracker


def ui_command(sweep: Path | None, host: str, port: int) -> int:
    """Print the address of the page that compares the sweep's runs, then serve until Ctrl-C.

    A sweep that is tracked on a server needs none here: then only the address is printed.
    """
    console = Console(highlight=False, soft_wrap=True)
    result = api.Result(find_sweep(sweep))
    tracker = Tracker(result.config, result.directory)
    uri = tracker.uri
    remote = uri.startswith(("http://", "https://"))
    address = uri.rstrip("/") if remote else f"http://{host}:{port}"
    console.print(f"Compare the runs of {result.config.name}:\n  {tracker.compare_url(result.record, address)}")
    if remote:
        return 0
    console.print("Ctrl-C stops the server.")
    command = [sys.executable, "-m", "mlflow", "server", "--backend-store-uri", uri, "--host", host, "--port", str(port)]
    try:
        return subprocess.call(command)
    except KeyboardInterrupt:
        return 0
