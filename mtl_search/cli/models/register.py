"""`mtl-search register`: a version in MLflow's registry."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtl_search.cli import completion
from mtl_search.cli.options import Debug, TrustCode, TrustModules


def register(  # noqa: PLR0917  # typer calls it by name
    sweep: Annotated[
        Path,
        typer.Argument(
            help="Folder, config or name of a sweep.",
            metavar="SWEEP",
            show_default=False,
            autocompletion=completion.sweeps,
        ),
    ],
    name: Annotated[
        str,
        typer.Argument(
            help="Name in MLflow's registry; it is made where there is none.",
            metavar="NAME",
            show_default=False,
        ),
    ],
    alias: Annotated[
        str | None,
        typer.Option(
            "--alias",
            help="Let this alias, such as `champion`, lead to the version.",
            metavar="ALIAS",
            show_default=False,
        ),
    ] = None,
    trust_code: TrustCode = False,
    trust_modules: TrustModules = "",
    debug: Debug = False,
) -> None:
    """Make the model that a sweep recommends a version of a name in MLflow's registry.

    Runs that MLflow lacks are sent first. A model that is a version already stays it. A sweep does
    the same at its end with `tracking.registered_model_name=NAME`.

    For example:

        mtl-search register runs/penguins penguins
        mtl-search register penguins penguins --alias champion
    """
    from mtl_search.api.consent import split_modules
    from mtl_search.api.result import Result
    from mtl_search.cli.console import console
    from mtl_search.cli.reporting import find_sweep

    folder = find_sweep(sweep)
    result = Result(folder, trust_code=trust_code or split_modules(trust_modules))
    version = result.register(name, alias)
    by_alias = f" and models:/{name}@{alias}" if alias else ""
    console().print(
        f"{folder} is version {version} of {name}: models:/{name}/{version}{by_alias}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
