"""`mtl-search train` and its options."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtl_search.cli import completion
from mtl_search.cli.options import Config_, Debug, Format, Overrides, TrustCode, TrustModules


def train(  # noqa: PLR0917  # typer calls it by name
    config: Config_,
    overrides: Overrides = None,
    sweep: Annotated[
        Path,
        typer.Option(
            "--from",
            help="The sweep: its folder, or its name in `runs/`.",
            metavar="SWEEP",
            show_default=False,
            autocompletion=completion.sweeps,
        ),
    ] = ...,  # type: ignore[assignment]  # typer's mark of an option that must be given
    trial: Annotated[
        str | None,
        typer.Option(
            "--trial",
            help="Train the configuration of this trial; default: what the verdict recommends.",
            metavar="ID",
            show_default=False,
        ),
    ] = None,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder of the model; default: `models/<name>`.",
            metavar="FOLDER",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", help="Random seed; default: the config's.", show_default=False),
    ] = None,
    form: Format = "table",
    trust_code: TrustCode = False,
    trust_modules: TrustModules = "",
    debug: Debug = False,
) -> None:
    """Train what a sweep recommends once more, on its training and validation rows together.

    The network trains as many epochs as the finalists of its configuration took to their best one,
    on average. The test split is read once, at the end, and chooses nothing. The result is a folder
    that stands alone, for `predict` and `export`.

    For example:

        mtl-search train configs/penguins.yaml --from runs/penguins
        mtl-search train configs/penguins.yaml --from runs/penguins --trial search-0007 -o final
    """
    from mtl_search.api.consent import split_modules
    from mtl_search.cli.models.training import train_command

    train_command(
        config,
        overrides or [],
        sweep,
        trial=trial,
        output=output,
        seed=seed,
        form=form,
        trust_code=trust_code or split_modules(trust_modules),
    )
