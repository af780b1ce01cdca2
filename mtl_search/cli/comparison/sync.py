"""`mtl-search sync`: send to MLflow what an outage held back."""

from __future__ import annotations

import json
import math
import time
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from mtl_search.cli.comparison.place import print_place
from mtl_search.cli.console import console as make_console
from mtl_search.cli.options import Debug, SweepFolder, check_form
from mtl_search.cli.reporting import find_sweep
from mtl_search.config import load_config

# Seconds between two lines of progress.
_EVERY_S = 5.0

Form = Annotated[str, typer.Option("--format", help="`text` or `json`.", metavar="text|json")]


def sync(
    sweep: SweepFolder = None,
    form: Form = "text",
    debug: Debug = False,  # read in `main`, where errors arrive
) -> None:
    """Send to MLflow what it lacks of a sweep: runs, values, description, view, files.

    A sweep goes on while MLflow is away, and keeps everything in its journal. `run --resume` sends
    what is missing before it trains; this command sends it and trains nothing. It compares the
    journal with MLflow, so it may be called at any time, as often as you like, and nothing arrives
    twice. A sweep that was copied from another machine arrives whole.

    It needs no Ray. The address is that of the sweep's config, or else of `MLFLOW_TRACKING_URI`; a
    password comes from the environment, as it did when the sweep ran. Exit status: 0 when MLflow
    has everything, 1 when something could not be sent, 2 for a wrong argument.

    For example:

        mtl-search sync
        mtl-search sync runs/faces
        mtl-search sync faces.yaml
        mtl-search sync runs/faces --format json
    """
    raise typer.Exit(sync_command(sweep, form))


def sync_command(sweep: Path | None, form: str) -> int:
    """Send what MLflow lacks, and say what came of it.

    Args:
        sweep: The sweep as the command line names it; None means the latest.
        form: `text` or `json`.

    Returns:
        The exit status.

    Raises:
        ConfigError: The format is another one, or the tracking URI is wrong.
        SweepError: There is no such sweep, it is running, or the store cannot be reached.
    """
    check_form(form, ("text", "json"))
    from mtl_search.api.tracked_page import send_to_tracking

    folder = find_sweep(sweep)
    # A config file may have the password of the store, which the sweep's folder has not.
    named = sweep if sweep is not None and sweep.is_file() else None
    config = load_config(named) if named else None
    screen = make_console()
    progress = None if form == "json" else _Progress(screen)
    sent = send_to_tracking(folder, config, on_progress=progress)
    if form == "json":
        print(json.dumps(_as_json(folder, sent)))  # noqa: T201
    else:
        screen.print(_sentence(folder, sent), markup=False, highlight=False, soft_wrap=True)
        if not sent.unsent:
            print_place(folder, screen)
    return 1 if sent.unsent else 0


def _as_json(folder: Path, sent: Any) -> dict[str, Any]:
    return {
        "sweep": str(folder),
        "address": sent.address,
        "unsent_events": sent.unsent,
        "requests_that_wrote": sent.written,
        "complete": not sent.unsent,
    }


def _sentence(folder: Path, sent: Any) -> str:
    if sent.unsent:
        return (
            f"{sent.unsent:,} events of {folder} did not reach MLflow at {sent.address}; "
            "the same command sends them when it answers"
        )
    if not sent.written:
        return f"Nothing was missing: MLflow at {sent.address} has all of {folder}."
    requests = "request" if sent.written == 1 else "requests"
    return f"MLflow at {sent.address} has all of {folder} now ({sent.written:,} {requests})."


class _Progress:
    """Print a line now and then.

    Args:
        console: The console to print to.
    """

    def __init__(self, console: Console) -> None:
        self._console = console
        self._last = -math.inf

    def __call__(self, sent: int, total: int) -> None:
        """Print how many events have been sent, unless the last line is a moment old."""
        now = time.monotonic()
        if now - self._last >= _EVERY_S or sent == total:
            self._last = now
            line = f"MLflow has {sent:,} of {total:,} events"
            self._console.print(line, markup=False, highlight=False)
