"""The commands of `mtl-search jobs` and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtl_search.cli.options import Debug, Format, HeadAddress

jobs_app = typer.Typer(
    name="jobs",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Look after sweeps that run as jobs on a cluster.",
)

JobName = Annotated[
    str | None,
    typer.Argument(
        help="Id of a job, or name or folder of its sweep; default: the latest.",
        metavar="JOB",
        show_default=False,
    ),
]


@jobs_app.command("list")
def list_(address: HeadAddress = None, form: Format = "table", debug: Debug = False) -> None:
    """List the sweeps of a cluster, the latest first."""
    from mtl_search.cli.jobs.commands import list_command

    list_command(address, form)


@jobs_app.command()
def status(
    job: JobName = None,
    address: HeadAddress = None,
    form: Format = "table",
    debug: Debug = False,
) -> None:
    """Print the state of a job: PENDING, RUNNING, SUCCEEDED, FAILED or STOPPED."""
    from mtl_search.cli.jobs.commands import status_command

    status_command(job, address, form)


@jobs_app.command()
def logs(
    job: JobName = None,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")
    ] = False,
    address: HeadAddress = None,
    debug: Debug = False,
) -> None:
    """Print the log of a job.

    With `--follow` the exit status is that of the sweep, as of `submit`. Ctrl-C leaves the job
    running.
    """
    from mtl_search.cli.jobs.commands import logs_command

    raise typer.Exit(logs_command(job, address, follows=follow))


@jobs_app.command()
def stop(
    job: JobName = None,
    address: HeadAddress = None,
    form: Format = "table",
    debug: Debug = False,
) -> None:
    """Stop a job in order, and print the command that goes on with its sweep."""
    from mtl_search.cli.jobs.commands import stop_command

    raise typer.Exit(stop_command(job, address, form))


@jobs_app.command()
def result(
    job: JobName = None,
    address: HeadAddress = None,
    form: Format = "table",
    debug: Debug = False,
) -> None:
    """Print the report of a job's sweep, finished or not.

    Where this machine does not see the sweep's folder, the files that the report needs are fetched.
    """
    from mtl_search.cli.jobs.commands import result_command

    result_command(job, address, form)


@jobs_app.command(hidden=True)
def send(folder: Path, debug: Debug = False) -> None:
    """Print the files of a sweep for `result`, which runs this on the cluster."""
    from mtl_search.cli.jobs.commands import send_command

    send_command(folder)
