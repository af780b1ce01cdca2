"""`mtl-search predict` and its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtl_search.cli.models.options import Arm, Ensemble, ModelPath, Trial
from mtl_search.cli.options import Debug, TrustCode, TrustModules


def predict(  # noqa: PLR0917  # typer calls it by name
    model: ModelPath,
    rows: Annotated[
        Path,
        typer.Argument(
            help="Rows as the data set of the training had them: a CSV or Parquet file, an image "
            "or a folder of images, a text with a sentence a line, an npz file, ...",
            metavar="INPUT",
            show_default=False,
        ),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="File to write, a .csv, .parquet, .json or .jsonl; default: print the first rows.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    tasks: Annotated[
        list[str] | None,
        typer.Option(
            "--task", help="Predict this task alone; may be repeated.", show_default=False
        ),
    ] = None,
    trial: Trial = None,
    arm: Arm = None,
    ensemble: Ensemble = False,
    source: Annotated[
        str | None,
        typer.Option(
            "--source",
            help="The source that the rows are from, of a model that was trained on several.",
            metavar="NAME",
            show_default=False,
        ),
    ] = None,
    batch_size: Annotated[
        int | None,
        typer.Option(
            "--batch-size",
            help="Rows that are predicted at a time; default: 2048 of a table, else 512.",
            min=1,
            show_default=False,
        ),
    ] = None,
    trust_code: TrustCode = False,
    trust_modules: TrustModules = "",
    debug: Debug = False,
) -> None:
    """Predict the tasks of new rows, which are prepared as in training.

    The output has a column for each task (the class, the value in the target's own units, the parts
    of a text) and one for each probability. Columns are found by their names, and further ones are
    ignored.

    For example:

        mtl-search predict runs/penguins new_penguins.csv
        mtl-search predict runs/penguins new_penguins.csv --output predicted.csv --task species
        mtl-search predict runs/faces photos/ --ensemble --output predicted.parquet
    """
    from mtl_search.api.consent import split_modules
    from mtl_search.cli.models.predicting import predict_command

    predict_command(
        model,
        rows,
        output,
        tasks=tasks or None,
        source=source,
        batch_size=batch_size,
        names={"trial": trial, "arm": arm},
        ensemble=ensemble,
        trust_code=trust_code or split_modules(trust_modules),
    )
