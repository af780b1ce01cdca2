"""`mtl-search jobs`: look at the jobs of a cluster, stop them, and read their sweeps."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from rich.table import Table

from mtl_search.api.result import Result
from mtl_search.api.submitting import SweepJob
from mtl_search.cli.console import console
from mtl_search.cli.encoding import for_output
from mtl_search.cli.jobs.submitting import (
    INTERRUPTED,
    command,
    dashboard,
    follow,
    print_json,
    resume_command,
    tell,
)
from mtl_search.cli.options import check_form
from mtl_search.jobs import courier
from mtl_search.jobs.client import connect
from mtl_search.jobs.job import ENDED, JobState, as_json, list_states


def list_command(address: str | None, form: str) -> None:
    """Print the jobs of a cluster that are sweeps, the latest first."""
    check_form(form)
    states = list_states(connect(address))
    if form == "json":
        print_json([as_json(state) for state in states])
        return
    if not states:
        tell("There is no job of a sweep on this cluster: `mtl-search submit CONFIG` makes one.")
        return
    table = Table(box=None, pad_edge=False)
    for column in ("job", "sweep", "state", "started", "took", "folder"):
        table.add_column(column, overflow="fold")
    for state in states:
        table.add_row(
            state.job, state.sweep, state.state, _time(state.started), _took(state), state.folder
        )
    console().print(table)


def status_command(job: str | None, address: str | None, form: str) -> None:
    """Print the state of a job."""
    check_form(form)
    found = SweepJob.find(job, address=address)
    state = found.info()
    if form == "json":
        print_json({**as_json(state), "dashboard": dashboard(found)})
        return
    lines = {
        "job": state.job,
        "state": state.state,
        "sweep": found.folder() or state.folder,
        "started": _time(state.started),
        "took": _took(state),
        "dashboard": dashboard(found),
        "MLflow": state.mlflow,
        "message": state.message,
    }
    if state.state in ENDED:
        lines["result"] = command("result", state.job, address)
        lines["resume"] = resume_command(state, address)
    for name, value in lines.items():
        if value:
            print(f"{name + ':':<11}{value}")  # noqa: T201


def logs_command(job: str | None, address: str | None, *, follows: bool) -> int:
    """Print the log of a job; return the exit status of the sweep where it is followed."""
    found = SweepJob.find(job, address=address)
    if follows:
        return follow(found, address)
    sys.stdout.write(found.logs())
    return 0


def stop_command(job: str | None, address: str | None, form: str) -> int:
    """Stop a job, wait until its sweep was ended in order, and print how to go on.

    Returns:
        The exit status.
    """
    check_form(form)
    found = SweepJob.find(job, address=address)
    state = found.info()
    if state.state in ENDED:
        tell(f"The job {state.job} has ended before: {state.state}.")
        if form == "json":
            print_json({**as_json(state), "stopped": None})
        return 0
    tell(f"Stopping {state.job}: trials end in order, which takes up to a minute.")
    try:
        how = found.stop()
    except KeyboardInterrupt:
        tell("The job stops nevertheless.")
        return INTERRUPTED
    state = found.info()
    if form == "json":
        print_json({**as_json(state), "stopped": how})
        return 0
    go_on = resume_command(state, address)
    endings = {
        "before it began": "Stopped before the sweep began: submit it again.",
        "done": f"The sweep is done: {command('result', state.job, address)}",
        "killed": f"Stopped; trials go on from their last checkpoint. Go on with: {go_on}",
        "in order": f"Stopped in order. Go on with: {go_on}",
    }
    print(endings[how])  # noqa: T201
    return 0


def result_command(job: str | None, address: str | None, form: str) -> None:
    """Print the report of the sweep of a job, finished or not."""
    check_form(form)
    found = SweepJob.find(job, address=address)
    from mtl_search.api.reporting import report_text
    from mtl_search.report import render

    with tempfile.TemporaryDirectory() as folder:
        result: Result = found.result(folder)
        if form == "json":
            print(for_output(report_text(result, form), form), end="")  # noqa: T201
        else:
            render(result.evidence, console(), folder=result.directory)


def send_command(folder: Path) -> None:
    """Print the files of a sweep, on the cluster, for `result` on another machine."""
    print(courier.encode(folder))  # noqa: T201


def _time(seconds: float | None) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds)) if seconds else ""


def _took(state: JobState) -> str:
    if not state.started:
        return ""
    seconds = (state.ended or time.time()) - state.started
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"
