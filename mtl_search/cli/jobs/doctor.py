"""`mtl-search doctor` and its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtl_search.cli.options import AnyAddress, Debug, Format, Overrides


def doctor(  # noqa: PLR0917  # typer calls it by name
    config: Annotated[
        Path | None,
        typer.Argument(
            help="YAML file of a sweep that is to run.", metavar="CONFIG", show_default=False
        ),
    ] = None,
    overrides: Overrides = None,
    address: AnyAddress = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder that sweeps go to; default: `MTL_SEARCH_RUNS`, or `runs`. With "
            "`http://HOST:8265` that of the head, an absolute path.",
            show_default=False,
        ),
    ] = None,
    timeout: Annotated[
        float, typer.Option("--timeout", help="Seconds that a node has for its answer.", min=1)
    ] = 60.0,
    form: Format = "table",
    debug: Debug = False,
) -> None:
    """Examine this machine or a cluster: can a sweep run there, and what is to do if not?

    Versions, resources, a write test of the storage from every node, MLflow, the token, GPUs and
    NCCL, shared memory, clocks, disk space: each is ok, warn or fail with the measured value and
    the command that puts it right. The exit status is 1 when something fails.

    For example:

        mtl-search doctor configs/quickstart.yaml
        mtl-search doctor configs/quickstart.yaml --address auto --output /shared/runs
        mtl-search doctor --address http://head:8265 --format json
    """
    from mtl_search.cli.jobs.diagnosis import doctor_command

    status = doctor_command(
        config, overrides or [], address=address, output=output, timeout=timeout, form=form
    )
    raise typer.Exit(status)
