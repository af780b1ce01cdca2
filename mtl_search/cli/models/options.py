"""Options of the commands that take a model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtl_search.cli import completion

ModelPath = Annotated[
    Path,
    typer.Argument(
        help="Folder of a saved model, or folder or name of a sweep: what its verdict recommends.",
        metavar="MODEL",
        show_default=False,
        autocompletion=completion.sweeps,
    ),
]
Trial = Annotated[
    str | None,
    typer.Option(
        "--trial",
        help="Of a sweep: the network of this trial.",
        metavar="ID",
        show_default=False,
        autocompletion=completion.trials,
    ),
]
Arm = Annotated[
    str | None,
    typer.Option(
        "--arm",
        help="Of a sweep: the best network of this arm, such as `equal` or `single/left`; "
        "`single`: the separate networks of all tasks.",
        metavar="ARM",
        show_default=False,
    ),
]
Ensemble = Annotated[
    bool,
    typer.Option(
        "--ensemble", help="Of a sweep: the mean of the networks of all seeds, and their spread."
    ),
]
