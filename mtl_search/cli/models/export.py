"""`mtl-search export`: a model, or the studies of a sweep, as files of other programs."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from mtl_search.api.consent import TrustCode
from mtl_search.cli.console import console
from mtl_search.cli.models.loading import load_named
from mtl_search.cli.models.options import Arm, Ensemble, ModelPath, Trial
from mtl_search.cli.options import Debug, TrustModules, check_form
from mtl_search.cli.options import TrustCode as TrustAll
from mtl_search.errors import ConfigError

if TYPE_CHECKING:
    from mtl_search.export.exporting import Exported

FORMATS = ("onnx", "torch")


def export(  # noqa: PLR0917  # typer calls it by name
    context: typer.Context,
    model: ModelPath,
    form: Annotated[
        str,
        typer.Option(
            "--format",
            help="`onnx`: for ONNX Runtime and others; `torch`: `torch.export`, for torch alone.",
            metavar="onnx|torch",
        ),
    ] = "onnx",
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Folder; default: `exports/<name>-<format>`.",
            metavar="FOLDER",
            show_default=False,
        ),
    ] = None,
    tasks: Annotated[
        list[str] | None,
        typer.Option(
            "--task",
            help="Take this task alone, without what it does not need; may be repeated.",
            show_default=False,
        ),
    ] = None,
    trial: Trial = None,
    arm: Arm = None,
    ensemble: Ensemble = False,
    optuna: Annotated[
        Path | None,
        typer.Option(
            "--optuna",
            help="Write no model, but the studies of all arms of a sweep into this file: `.db`, "
            "`.sqlite` or `.sqlite3` for SQLite, `.log` for Optuna's journal.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="With `--optuna`: replace the file.")
    ] = False,
    trust_code: TrustAll = False,
    trust_modules: TrustModules = "",
    debug: Debug = False,
) -> None:
    """Write a model as a graph that runs without this project, with a model card beside it.

    The graph takes prepared rows and gives what each task predicts: probabilities, or values in the
    target's own units. It is compared with the network before anything is kept.

    With `--optuna FILE` the studies of a sweep go out instead, one an arm (`<sweep>/<arm>`), with
    every trial of the journal: params with their distributions, objective by epoch, state, dates,
    and the leaderboard's row as user attributes.

    For example:

        mtl-search export runs/penguins --format onnx
        mtl-search export runs/penguins --format torch --task species --output species
        mtl-search export runs/penguins --optuna study.db
    """
    _check_options(context, with_optuna=optuna is not None)
    if optuna is not None:
        from mtl_search.cli.comparison.export import export_command

        return export_command(model, optuna, overwrite=overwrite)

    from mtl_search.api.consent import split_modules

    return export_model_command(
        model,
        form,
        output,
        tasks=tasks or None,
        names={"trial": trial, "arm": arm},
        ensemble=ensemble,
        trust_code=trust_code or split_modules(trust_modules),
    )


# What `--optuna` has no use for.
_OF_A_MODEL = ("form", "output", "tasks", "trial", "arm", "ensemble")


def _check_options(context: typer.Context, *, with_optuna: bool) -> None:
    """Refuse options that would be ignored.

    Raises:
        ConfigError: An option of a model with `--optuna`, or `--overwrite` without it.
    """
    for parameter in context.command.params:
        name = str(parameter.name)
        source = context.get_parameter_source(name)
        if source is None or source.name != "COMMANDLINE":
            continue
        if with_optuna and name in _OF_A_MODEL:
            message = "has no meaning with --optuna, which writes the studies of all arms"
            raise ConfigError(message, path=parameter.opts[0])
        if name == "overwrite" and not with_optuna:
            message = (
                "belongs to --optuna, which is not given; an exported model is replaced anyway"
            )
            raise ConfigError(message, path=parameter.opts[0])


def export_model_command(
    named: Path,
    form: str,
    output: Path | None,
    *,
    tasks: Sequence[str] | None,
    names: Mapping[str, str | None],
    ensemble: bool,
    trust_code: TrustCode,
) -> None:
    """Export a model, and say where it is.

    Args:
        named: The model, as of `load_named`.
        form: The format, `onnx` or `torch`.
        output: The folder; None: `exports/<name>-<format>`.
        tasks: The tasks; None: all.
        names: The options `trial` and `arm`.
        ensemble: Whether the networks of all seeds go out together.
        trust_code: Whether code of strangers may run.

    Raises:
        ConfigError: An option is wrong.
        SweepError: There is no such model, or it cannot be exported.
    """
    check_form(form, FORMATS)
    model = load_named(named, names, ensemble=ensemble, trust_code=trust_code)
    name = named.resolve().stem or str(model.info.get("sweep", "model"))
    folder = output or Path("exports") / f"{name}-{form}"
    exported = model.export(folder, format="onnx" if form == "onnx" else "torch", tasks=tasks)
    _show(exported)


def _show(exported: Exported) -> None:
    readme = exported.folder / "README.md"
    difference = f"differs from the network by at most {exported.difference:.1g}"
    lines = [
        f"{exported.file}: {', '.join(exported.tasks)}",
        f"inputs {json.dumps(exported.inputs)}, outputs {json.dumps(exported.outputs)}",
        f"{difference}; how to load it: {readme}",
    ]
    for line in lines:
        console().print(line, markup=False, soft_wrap=True, highlight=False)
