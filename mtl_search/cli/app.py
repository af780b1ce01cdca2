"""The commands and their options; what they do is elsewhere."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtl_search import __version__
from mtl_search.cli.commands import Commands, ConfigCommand
from mtl_search.cli.comparison.compare import compare
from mtl_search.cli.comparison.report import report
from mtl_search.cli.comparison.sync import sync
from mtl_search.cli.console import console
from mtl_search.cli.jobs.app import jobs_app
from mtl_search.cli.jobs.doctor import doctor
from mtl_search.cli.jobs.submit import submit
from mtl_search.cli.models.export import export
from mtl_search.cli.models.predict import predict
from mtl_search.cli.models.register import register
from mtl_search.cli.models.serve import serve
from mtl_search.cli.models.train import train
from mtl_search.cli.models.weights import export_weights
from mtl_search.cli.options import (
    Address,
    Config_,
    Debug,
    Output,
    Overrides,
    SweepFolder,
    TrustCode,
    TrustModules,
)
from mtl_search.source.module_path import put_working_directory_last

app = typer.Typer(
    name="mtl-search",
    cls=Commands,
    no_args_is_help=True,
    context_settings={"help_option_names": ["--help", "-h"]},  # of every command below, too
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    help="Multi-task hyperparameter search on Ray: which **loss weights** and which "
    "**sharing depth** to use, what that gains over separate networks, and every run in MLflow.\n\n"
    "Start with `mtl-search run configs/quickstart.yaml`.",
)


def _print_version(is_asked: bool) -> None:
    if is_asked:
        typer.echo(f"mtl-search {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    put_working_directory_last()


@app.command(cls=ConfigCommand)
def run(  # noqa: PLR0917  # typer calls it by name
    config: Config_,
    overrides: Overrides = None,
    output: Output = None,
    smoke: Annotated[
        bool,
        typer.Option(
            "--smoke",
            help="The whole sweep in small: few trials, one epoch, at most 128 samples a split.",
        ),
    ] = False,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume", help="Continue a sweep: the one in `--output`, or the latest of this name."
        ),
    ] = False,
    address: Address = None,
    trust_code: TrustCode = False,
    trust_modules: TrustModules = "",
    quiet: Annotated[
        bool,
        typer.Option("--quiet", "-q", help="One line a finished trial instead of live progress."),
    ] = False,
    log_format: Annotated[
        str | None,
        typer.Option(
            "--log-format",
            help="`json`: one JSON object a line on standard error, in place of all other output; "
            "default: `MTL_SEARCH_LOG`, or `text`.",
            metavar="text|json",
            show_default=False,
        ),
    ] = None,
    debug: Debug = False,  # read in `main`, where errors arrive
) -> None:
    """Run a sweep: single-task arms, equal weights, search, finalists on fresh seeds, verdict.

    Finished trials are never run again: after Ctrl-C or a crash, `--resume` continues where it
    stopped, and `--resume search.trials=80` extends a sweep that has finished.

    For example:

        mtl-search run configs/quickstart.yaml
        mtl-search run configs/quickstart.yaml search.trials=40
        mtl-search run configs/quickstart.yaml --resume search.trials=80
        mtl-search run configs/quickstart.yaml --smoke
    """
    from mtl_search.api.consent import split_modules
    from mtl_search.cli.json_log import choose_format
    from mtl_search.cli.running import run_command

    choose_format(log_format)
    status = run_command(
        config,
        overrides or [],
        output,
        smoke=smoke,
        resume=resume,
        quiet=quiet,
        address=address,
        trust_code=trust_code or split_modules(trust_modules),
    )
    raise typer.Exit(status)


app.command(cls=ConfigCommand)(submit)


@app.command(cls=ConfigCommand)
def validate(  # noqa: PLR0917  # typer calls it by name
    config: Config_,
    overrides: Overrides = None,
    graph: Annotated[
        Path | None,
        typer.Option(
            "--graph",
            help="Draw the network into this .png, .svg or .pdf file.",
            show_default=False,
        ),
    ] = None,
    trust_code: TrustCode = False,
    trust_modules: TrustModules = "",
    debug: Debug = False,
) -> None:
    """Build everything, train nothing, and print what the sweep would be.

    That is: data, tasks, layers with shapes, parameters at each depth, space, budget, resources.
    When anything in the config is wrong, one message says so, and the exit status is 2.

    For example:

        mtl-search validate configs/quickstart.yaml --graph model.png
        mtl-search validate configs/quickstart.yaml model.sharing.depth=0
    """
    from mtl_search.api.consent import split_modules
    from mtl_search.cli.validation import validate_command

    trusted = trust_code or split_modules(trust_modules)
    validate_command(config, overrides or [], console(), graph, trust_code=trusted)


app.command(cls=ConfigCommand)(doctor)


app.command()(report)
app.command()(compare)


app.command()(predict)
app.command(cls=ConfigCommand)(train)
app.command()(serve)
app.command()(register)


app.command("export-weights")(export_weights)
app.command()(export)


@app.command("list")
def list_(
    family: Annotated[
        str | None,
        typer.Argument(
            help="One family, such as `heads`; default: all.", metavar="FAMILY", show_default=False
        ),
    ] = None,
    debug: Debug = False,
) -> None:
    """List the members of every family (data sets, heads, losses, ...) with their arguments."""
    from mtl_search.cli.listing import list_command

    list_command(family, console())


@app.command()
def schema(
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            help="Write the schema to this file.",
            metavar="FILE",
            show_default=False,
        ),
    ] = None,
    report: Annotated[
        bool, typer.Option("--report", help="The schema of a report as JSON instead.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Print the JSON schema of a config, with which editors complete and check YAML.

    A config names the schema's file in its first line, such as
    `# yaml-language-server: $schema=mtl-search.json`. With `--report` it is the schema of what
    `mtl-search report --format json` prints.

    For example:

        mtl-search schema --output mtl-search.json
        mtl-search schema --report
    """
    from mtl_search.cli.schema import schema_command

    schema_command(output, of_report=report)


@app.command()
def ui(
    sweep: SweepFolder = None,
    port: Annotated[int, typer.Option(help="Port of the server.", min=1, max=65535)] = 5000,
    host: Annotated[str, typer.Option(help="Address that it listens on.")] = "127.0.0.1",
    debug: Debug = False,
) -> None:
    """Serve MLflow's pages of the sweep's store until Ctrl-C, and print the one of the sweep."""
    from mtl_search.cli.ui import serve

    raise typer.Exit(serve(sweep, host, port))


app.command()(sync)
app.add_typer(jobs_app)
