"""`mtl-search serve` and its options."""

from __future__ import annotations

from typing import Annotated

import typer

from mtl_search.cli import completion
from mtl_search.cli.models.options import Arm, Ensemble, Trial
from mtl_search.cli.options import Debug, TrustCode, TrustModules


def serve(  # noqa: PLR0917  # typer calls it by name
    model: Annotated[
        str,
        typer.Argument(
            help="Folder of a saved model; folder or name of a sweep: what its verdict recommends; "
            "or an address of MLflow, such as models:/NAME/1.",
            metavar="MODEL",
            show_default=False,
            autocompletion=completion.sweeps,
        ),
    ],
    port: Annotated[int, typer.Option(help="Port of the server.", min=1, max=65535)] = 8080,
    host: Annotated[str, typer.Option(help="Address that it listens on.")] = "127.0.0.1",
    workers: Annotated[int, typer.Option(help="Processes that answer.", min=1)] = 1,
    trial: Trial = None,
    arm: Arm = None,
    ensemble: Ensemble = False,
    trust_code: TrustCode = False,
    trust_modules: TrustModules = "",
    debug: Debug = False,
) -> None:
    """Serve a model by HTTP: raw rows as JSON in, the columns of `predict` out.

    It is MLflow's server: `POST /invocations` takes `dataframe_records`, `dataframe_split`,
    `inputs` or `instances`, and `/ping` tells that it is alive. A wrong request is answered with a
    status of 400 to 499 and one sentence. Ctrl-C ends it. It has no login: it listens on this
    machine alone unless `--host` says otherwise.

    For example:

        mtl-search serve runs/penguins
        mtl-search serve models/penguins --port 9000 --workers 4
        mtl-search serve models:/penguins@champion
    """
    from mtl_search.api.consent import split_modules
    from mtl_search.cli.models.serving import serve_command

    status = serve_command(
        model,
        host,
        port,
        workers,
        names={"trial": trial, "arm": arm},
        ensemble=ensemble,
        trust_code=trust_code or split_modules(trust_modules),
    )
    raise typer.Exit(status)
