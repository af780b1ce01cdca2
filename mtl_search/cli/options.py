"""Arguments and options that several commands share, and the check of their formats."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import typer

from mtl_search.cli import completion
from mtl_search.errors import ConfigError

Config_ = Annotated[
    Path,
    typer.Argument(
        help="YAML file of the sweep.",
        metavar="CONFIG",
        show_default=False,
        autocompletion=completion.configs,
    ),
]
Overrides = Annotated[
    list[str] | None,
    typer.Argument(
        help="Changes to the config, as dotted paths: `search.trials=20`, "
        "`tasks.left.loss_weight=2`, `'model.backbone={name: mlp, widths: [32]}'`.",
        metavar="PATH=VALUE",
        show_default=False,
    ),
]
Output = Annotated[
    Path | None,
    typer.Option(
        "--output", "-o", help="Folder of the sweep; default: `runs/<name>`.", show_default=False
    ),
]
Address = Annotated[
    str | None,
    typer.Option(
        "--address",
        help="A Ray cluster that runs already: `HOST:PORT`, or `auto` for the one on this "
        "machine; `local`: a Ray of its own on this machine; default: `RAY_ADDRESS`, else one that "
        "`ray start` has started on this machine, else `local`.",
        metavar="auto|local|HOST:PORT",
        show_default=False,
    ),
]
AnyAddress = Annotated[
    str | None,
    typer.Option(
        "--address",
        help="A Ray cluster: `HOST:PORT` or `auto` on one of its nodes, `http://HOST:8265` from "
        "elsewhere; default: `RAY_ADDRESS`, or else this machine alone.",
        metavar="auto|HOST:PORT|http://HOST:8265",
        show_default=False,
    ),
]
HeadAddress = Annotated[
    str | None,
    typer.Option(
        "--address",
        help="Dashboard on the head of the cluster; default: `RAY_API_SERVER_ADDRESS`, "
        "`RAY_ADDRESS`, or else the Ray on this machine.",
        metavar="http://HOST:8265",
        show_default=False,
    ),
]
Format = Annotated[str, typer.Option("--format", help="`table` or `json`.", metavar="table|json")]
SweepFolder = Annotated[
    Path | None,
    typer.Argument(
        help="Folder of a sweep, or the config or name of one in `runs/`; default: the latest.",
        metavar="SWEEP",
        show_default=False,
        autocompletion=completion.sweeps,
    ),
]
SweepTrial = Annotated[
    str | None,
    typer.Option(
        "--trial",
        help="Id of a trial; default: the best adaptive one.",
        metavar="ID",
        show_default=False,
        autocompletion=completion.trials,
    ),
]
TrustCode = Annotated[
    bool,
    typer.Option(
        "--trust-code",
        help="Allow code (`module:attribute`) that a config names which lies outside of the "
        "working directory or belongs to another user. Read it before.",
    ),
]
TrustModules = Annotated[
    str,
    typer.Option(
        "--trust-modules",
        help="Allow such code of these modules alone; more in MTL_SEARCH_TRUSTED_MODULES.",
        metavar="MODULE[,MODULE]",
        show_default=False,
    ),
]
Debug = Annotated[bool, typer.Option("--debug", help="Print tracebacks.", hidden=True)]


def check_form(form: str, allowed: Collection[str] = ("table", "json")) -> None:
    """Refuse a format that a command does not have.

    Args:
        form: What `--format` says.
        allowed: The formats of the command.

    Raises:
        ConfigError: It is another one.

    Examples:
        >>> check_form("json")
    """
    if form not in allowed:
        raise ConfigError("not a format", path="--format", value=form, allowed=allowed)
