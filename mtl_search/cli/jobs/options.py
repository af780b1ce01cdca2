"""Options of `mtl-search submit` about the job itself."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Folder = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        help="Folder of the sweep, an absolute path that all nodes see; default: one called "
        "after the job, in `MTL_SEARCH_RUNS` of the head or in `runs` in its home folder. With "
        "`--slurm` it may be relative; default: `runs/<name>-<job id>`.",
        metavar="FOLDER",
        show_default=False,
    ),
]
Resume = Annotated[
    str | None,
    typer.Option(
        "--resume",
        help="Continue the sweep of this job, or in this folder of the cluster.",
        metavar="SWEEP",
        show_default=False,
    ),
]
Include = Annotated[
    list[Path] | None,
    typer.Option(
        "--include",
        help="A file or folder below the working directory that the sweep reads; may be given "
        "several times.",
        metavar="PATH",
        show_default=False,
    ),
]
Smoke = Annotated[bool, typer.Option("--smoke", help="The whole sweep in small.")]
NoWait = Annotated[bool, typer.Option("--no-wait", help="Return when the job is submitted.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print what would be sent, and send nothing.")
]
JobId = Annotated[
    str | None,
    typer.Option(
        "--job-id",
        help="Id of the job; default: the name of the sweep and the time.",
        metavar="ID",
        show_default=False,
    ),
]
