"""`mtl-search run`: a sweep with live progress, then its report."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.markup import escape

import mtl_search
from mtl_search import api
from mtl_search.api.component_check import check_components
from mtl_search.api.consent import TrustCode, check_consent, consent_options
from mtl_search.api.progress.base import SweepProgress
from mtl_search.api.progress.terminal import LiveProgress, PlainProgress
from mtl_search.cli import json_log
from mtl_search.cli.comparison.place import print_place
from mtl_search.cli.console import console as make_console
from mtl_search.cli.errors import FAILED, print_error
from mtl_search.cli.jobs.inside_job import check_versions, cures_of_a_job
from mtl_search.cli.json_log import JsonProgress
from mtl_search.config import Config, load_config, to_yaml
from mtl_search.config.consent import code_of, is_foreign
from mtl_search.config.secrets import MASK, masked
from mtl_search.data.datasets.families import with_all_tasks
from mtl_search.errors import SweepError
from mtl_search.jobs import submission
from mtl_search.storage import sweep_directory
from mtl_search.storage.permissions import make_private
from mtl_search.tracking import about_environment, resumed_by

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
    console.quiet = json_log.is_on()
    check_versions()
    options = ["--address", address] if address else []
    options += consent_options(trust_code)
    config = load_config(config_file, overrides)
    check_consent(config, [config_file], trust_code, overrides)
    make_private()  # for Ray, which this process starts, too
    with cures_of_a_job():
        config = with_all_tasks(config)
        check_components(config, started=resume)
    config = mtl_search.smoke(config) if smoke else config
    typed = [str(config_file), *map(masked, overrides), *(["--smoke"] if smoke else [])]
    # `kubectl delete` and `ray job stop` send SIGTERM, which Tune does not know; SIGINT makes it
    # stop cleanly.
    signal.signal(signal.SIGTERM, _as_interrupt)
    with api.sweep_folder(config.name, output, resume=resume) as directory:
        again = _resuming(config, typed, directory, options)
        progress = _progress(console, quiet=quiet)
        _announce(config, directory, console)
        try:
            with progress, cures_of_a_job(), resumed_by(again):
                result = api.run(
                    config, output=directory, resume=resume, callbacks=[progress], address=address
                )
        except KeyboardInterrupt:
            console.print()
            return _stopped(console, again, directory)
        except SweepError as error:
            if progress.record is None:  # nothing has begun that could go on
                raise
            return _failed(error, again)
    return _show(result, again, console)


def _show(result: api.Result, again: str, console: Console) -> int:
    """Print the report of a sweep, and return the exit status."""
    directory = result.directory
    console.print()
    from mtl_search.report import render  # not needed where a config is refused

    json_log.write_result(result)
    render(result.evidence, console, folder=directory)
    print_place(directory, console)
    if result.complete:
        return 0 if any(trial.is_result for trial in result.record) else FAILED
    status = _stopped(console, again, directory)
    return status if result.record.stop is None else 0  # it ended as its config or a callback says


def _resuming(config: Config, typed: list[str], directory: Path, options: list[str]) -> str:
    """Return the command that goes on with the sweep, the same as a report has it.

    It takes the config of the sweep's folder, unless that lacks a password which the typed one has,
    or lies where code would need another consent. That of a job is known from outside.

    Args:
        config: The sweep's config.
        typed: The config and the changes to it, as they were typed.
        directory: The sweep's folder.
        options: What else the command needs.
    """
    stored = directory / sweep_directory.CONFIG
    lacks_consent = is_foreign(stored) and any(code_of(config))
    folder = shlex.quote(str(directory))
    own = f"{folder}/{sweep_directory.CONFIG}"
    words = shlex.join(typed) if lacks_consent or MASK in to_yaml(config) else own
    command = f"mtl-search run {words} --output {folder} --resume {shlex.join(options)}"
    return os.environ.get(submission.RESUME) or command.rstrip()


def _announce(config: Config, directory: Path, console: Console) -> None:
    """Print name and folder of the sweep, and what MLflow's variables say of its place there."""
    line = f"[bold]{config.name}[/] → {escape(str(directory))}"  # read by `jobs` on other machines
    console.print(line, highlight=False, soft_wrap=True)
    json_log.write("started", "info", {"sweep": config.name, "folder": str(directory)})  # likewise
    if said := about_environment(config):
        console.print(f"MLflow: {said}", markup=False, highlight=False, soft_wrap=True)


def _progress(console: Console, *, quiet: bool) -> SweepProgress:
    if json_log.is_on():
        return JsonProgress()
    if console.is_terminal and not quiet:
        return LiveProgress(console)
    return PlainProgress(console)


def _stopped(console: Console, command: str, directory: Path) -> int:
    """Print the command that goes on with the sweep."""
    if not sweep_directory.holds_sweep(directory):
        json_log.write("stopped", "warning", {"message": "stopped before the first trial"})
        console.print("[yellow]Stopped before the first trial.[/]")
        return INTERRUPTED
    json_log.write("stopped", "warning", {"message": "stopped", "resume": command})
    console.print(
        f"[yellow]Stopped.[/] Go on with: {escape(command)}", highlight=False, soft_wrap=True
    )
    return INTERRUPTED


def _failed(error: SweepError, command: str) -> int:
    """Print why a sweep could not go on, and the command that does when that is mended."""
    status = print_error(error)
    if json_log.is_on():
        json_log.write("failed", "warning", {"message": "could not go on", "resume": command})
    else:
        print(f"  Go on with: {command}", file=sys.stderr)  # noqa: T201
    return status


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # `&` in a script; Tune is not there yet
        raise KeyboardInterrupt
    os.kill(os.getpid(), signal.SIGINT)
