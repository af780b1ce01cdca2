"""`mtl-search run`: a sweep with live progress, then its report."""

from __future__ import annotations

import os
import shlex
import signal
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.markup import escape

import mtl_search
from mtl_search import api
from mtl_search.api.component_check import check_components
from mtl_search.api.consent import TrustCode, check_consent
from mtl_search.cli.console import console as make_console
from mtl_search.cli.errors import FAILED
from mtl_search.cli.progress import LiveProgress, PlainProgress
from mtl_search.config import load_config
from mtl_search.config.secrets import masked
from mtl_search.storage import sweep_directory
from mtl_search.storage.permissions import make_private

INTERRUPTED = 130


def run_command(
    config_file: Path,
    overrides: list[str],
    output: Path | None,
    *,
    smoke: bool,
    resume: bool,
    quiet: bool,
    address: str | None,
    trust_code: TrustCode = False,
) -> int:
    """Run a sweep and show its report.

    Args:
        config_file: The YAML file.
        overrides: Changes to it, each as `path=value`.
        output: The folder of the sweep; None means a new one in `runs`.
        smoke: Whether the sweep is made small, to try it out.
        resume: Whether an earlier sweep goes on.
        quiet: Whether there is no live progress.
        address: The Ray cluster, if the user names one.
        trust_code: Which code of a config that is not the user's own may run (see `api.consent`).

    Returns:
        The exit status.
    """
    console = make_console()
    arguments = [str(config_file), *map(masked, overrides)]
    if smoke:
        arguments.append("--smoke")
    if address:
        arguments += ["--address", address]
    config = load_config(config_file, overrides)
    check_consent(config, [config_file], trust_code, overrides)
    make_private()  # for Ray, which this process starts, too
    check_components(config, started=resume)
    config = mtl_search.smoke(config) if smoke else config
    directory = api.choose_folder(config.name, output, resume=resume)
    # `kubectl delete` and `ray job stop` send SIGTERM, which Tune does not know; SIGINT makes it
    # stop cleanly.
    signal.signal(signal.SIGTERM, _as_interrupt)
    live = console.is_terminal and not quiet
    progress = LiveProgress(console) if live else PlainProgress(console)
    console.print(f"[bold]{config.name}[/] → {directory}", highlight=False)
    try:
        with progress:
            result = api.run(
                config, output=directory, resume=resume, callbacks=[progress], address=address
            )
    except KeyboardInterrupt:
        console.print()
        return _stopped(console, arguments, directory)
    console.print()
    from mtl_search.report import render  # not needed where a config is refused

    render(result.record, result.config, console, folder=directory)
    if result.complete:
        return 0 if any(trial.is_result for trial in result.record) else FAILED
    return _stopped(console, arguments, directory)


def _stopped(console: Console, arguments: list[str], directory: Path) -> int:
    """Print the command that goes on, with the arguments that belong to the sweep."""
    if not (directory / sweep_directory.JOURNAL).exists():
        console.print("[yellow]Stopped before the first trial.[/]")
        return INTERRUPTED
    command = shlex.join(["mtl-search", "run", *arguments, "--resume", "--output", str(directory)])
    console.print(
        f"[yellow]Stopped.[/] Go on with: {escape(command)}", highlight=False, soft_wrap=True
    )
    return INTERRUPTED


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    os.kill(os.getpid(), signal.SIGINT)
