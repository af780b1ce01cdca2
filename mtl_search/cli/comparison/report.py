"""`mtl-search report`: a sweep as tables in the terminal, as a file or as JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from mtl_search import api
from mtl_search.cli.comparison.place import print_place
from mtl_search.cli.console import console
from mtl_search.cli.options import Debug, Format, SweepFolder
from mtl_search.cli.reporting import find_sweep
from mtl_search.errors import ConfigError

Html = Annotated[
    Path | None,
    typer.Option(
        "--html",
        help="Write the report to this .html file, one page that needs nothing beside it.",
        metavar="FILE",
        show_default=False,
    ),
]
Markdown = Annotated[
    Path | None,
    typer.Option(
        "--markdown", help="Write it to this .md file.", metavar="FILE", show_default=False
    ),
]


def report(
    sweep: SweepFolder = None,
    form: Format = "table",
    html: Html = None,
    markdown: Markdown = None,
    debug: Debug = False,  # read in `main`, where errors arrive
) -> None:
    """Show verdict, health checks, leaderboard and more of a sweep, finished or not.

    Everything is read from the sweep's folder; nothing is trained, and no server is asked. Without
    an option the report stands in the terminal. As HTML it is one page with plots, which can be
    sent as it is and opens without a network.

    For example:

        mtl-search report
        mtl-search report runs/faces --html faces.html
        mtl-search report faces --markdown faces.md
        mtl-search report runs/faces --format json > faces.json
    """
    report_command(sweep, form, html=html, markdown=markdown)


def report_command(
    sweep: Path | None, form: str, *, html: Path | None = None, markdown: Path | None = None
) -> None:
    """Show a sweep as a table, print it as JSON, or write it to files.

    Args:
        sweep: The sweep as the command line names it; None means the latest.
        form: The format of what is printed where no file is asked for, `table` or `json`.
        html: The HTML file to write.
        markdown: The Markdown file to write.

    Raises:
        ConfigError: The format is another one, or a file has another ending or cannot be written.
        SweepError: There is no such sweep.
    """
    if form not in ("table", "json"):
        raise ConfigError("not a format", path="--format", value=form, allowed=("table", "json"))
    files = {"--html": (html, (".html",)), "--markdown": (markdown, (".md",))}
    for option, (path, endings) in files.items():
        if path is not None and path.suffix.lower() not in endings:
            raise ConfigError(
                "not the ending of such a file", path=option, value=path.name, allowed=endings
            )
    result = api.Result(find_sweep(sweep))
    asked = [path for path, _ in files.values() if path is not None]
    for path in asked:
        _write(result, path)
    if not asked:
        _print(result, form)


def _write(result: api.Result, path: Path) -> None:
    from mtl_search.api.reporting import write_report

    write_report(result, path)
    console().print(f"The report is in {path}", markup=False, soft_wrap=True)


def _print(result: api.Result, form: str) -> None:
    from mtl_search.report import render, to_json

    if form == "json":
        report = to_json(result.record, result.config, result.directory)
        print(json.dumps(report, indent=1))  # noqa: T201
    else:
        screen = console()
        render(result.record, result.config, screen, folder=result.directory)
        print_place(result.directory, screen)
