"""`mtl-search export-weights` and its options."""

from __future__ import annotations

from typing import Annotated

import typer

from mtl_search.cli.options import Debug, SweepFolder, SweepTrial


def export_weights(
    sweep: SweepFolder = None,
    trial: SweepTrial = None,
    last: Annotated[
        int | None,
        typer.Option(
            "--last",
            help="Take the mean of the last N epochs; default: of all.",
            metavar="N",
            show_default=False,
        ),
    ] = None,
    form: Annotated[
        str,
        typer.Option(
            "--format", help="`yaml`, `overrides` or `json`.", metavar="yaml|overrides|json"
        ),
    ] = "yaml",
    debug: Debug = False,
) -> None:
    r"""Turn an adaptive trial into static loss weights: the mean of the weights that it logged.

    A weighting such as `uw` or `famo`, or an aggregator, changes how much each task counts at every
    step, and logs it as `train/weight/<task>`. This command prints the mean over epochs, scaled to
    sum to the number of tasks; of a trial with static weights it prints its loss weights. A note
    about the trial goes to standard error.

    A search can begin with such weights: `search.initial_points=[runs/faces]` takes those of the
    best adaptive trial of that sweep, and `search.initial_points=[uw]` runs one trial with `uw`
    first.

    For example:

        mtl-search export-weights runs/faces
        mtl-search export-weights runs/faces --trial search-0003 --last 5
        mtl-search run configs/faces.yaml training.weighting=static \
            $(mtl-search export-weights --format overrides)
    """
    from mtl_search.cli.exporting import export_command

    export_command(sweep, trial, last, form)
