"""`mtl-search submit`, the commands of `mtl-search jobs`, and their options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtl_search.cli.options import Config_, Debug, Format, HeadAddress, Overrides

jobs_app = typer.Typer(
    name="jobs",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
    help="Look after sweeps that run as jobs on a cluster.",
)

JobName = Annotated[
    str | None,
    typer.Argument(
        help="Id of a job, or the name of its sweep; default: the latest.",
        metavar="JOB",
        show_default=False,
    ),
]


def submit(  # noqa: PLR0917  # typer calls it by name
    config: Config_,
    overrides: Overrides = None,
    address: HeadAddress = None,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder of the sweep, an absolute path that all nodes see; default: one called "
            "after the job, in `MTL_SEARCH_RUNS` of the head or in `runs` in its home folder.",
            metavar="FOLDER",
            show_default=False,
        ),
    ] = None,
    resume: Annotated[
        str | None,
        typer.Option(
            "--resume",
            help="Continue the sweep of this job, or in this folder of the cluster.",
            metavar="SWEEP",
            show_default=False,
        ),
    ] = None,
    include: Annotated[
        list[Path] | None,
        typer.Option(
            "--include",
            help="A file or folder below the working directory that the sweep reads; may be given "
            "several times.",
            metavar="PATH",
            show_default=False,
        ),
    ] = None,
    smoke: Annotated[bool, typer.Option("--smoke", help="The whole sweep in small.")] = False,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Return when the job is submitted.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Print what would be sent, and send nothing.")
    ] = False,
    job_id: Annotated[
        str | None,
        typer.Option(
            "--job-id",
            help="Id of the job; default: the name of the sweep and the time.",
            metavar="ID",
            show_default=False,
        ),
    ] = None,
    form: Format = "table",
    debug: Debug = False,
) -> None:
    """Run a sweep as a job of a Ray cluster, and follow its log to the end.

    The job takes along the config, the modules of yours that it names, and what `--include` names.
    Ctrl-C leaves the job running. The exit status is 0 when the sweep is done, 1 when it could not
    go on, 2 for wrong input or a cluster that does not take the job, and 130 when it was stopped or
    is no longer followed.

    For example:

        mtl-search submit configs/quickstart.yaml --address http://HOST:8265
        mtl-search submit faces.yaml search.trials=40 --include data/faces.npz --no-wait
        mtl-search submit faces.yaml --resume faces-261126-120000
    """
    from mtl_search.cli.jobs.submitting import submit_command

    raise typer.Exit(
        submit_command(
            config,
            overrides or [],
            address=address,
            output=output,
            resume=resume,
            include=include or [],
            smoke=smoke,
            wait=not no_wait,
            dry_run=dry_run,
            job_id=job_id,
            form=form,
        )
    )


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
def stop(job: JobName = None, address: HeadAddress = None, debug: Debug = False) -> None:
    """Stop a job in order, and print the command that goes on with its sweep."""
    from mtl_search.cli.jobs.commands import stop_command

    raise typer.Exit(stop_command(job, address))


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
