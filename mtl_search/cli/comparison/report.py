"""`mtl-search report`: a sweep as tables in the terminal, as a file or as JSON."""

from __future__ import annotations

from pathlib import Path

from mtl_search import api
from mtl_search.api.consent import TrustCode as Trust
from mtl_search.cli.comparison.files import FORMS, Csv, Form, Html, Json, Markdown, asked_files
from mtl_search.cli.comparison.place import print_place
from mtl_search.cli.console import console
from mtl_search.cli.encoding import for_output
from mtl_search.cli.options import Debug, SweepFolder, TrustCode, TrustModules, check_form
from mtl_search.cli.reporting import find_sweep


def report(  # noqa: PLR0917  # typer calls it by name
    sweep: SweepFolder = None,
    form: Form = "table",
    html: Html = None,
    markdown: Markdown = None,
    json: Json = None,
    csv: Csv = None,
    trust_code: TrustCode = False,
    trust_modules: TrustModules = "",
    debug: Debug = False,  # read in `main`, where errors arrive
) -> None:
    """Show verdict, health checks, leaderboard and more of a sweep, finished or not.

    Everything is read from the sweep's folder; nothing is trained, and no server is asked. Without
    an option the report stands in the terminal. As HTML it is one page with plots, which can be
    sent as it is and opens without a network. Several files may be asked for at once; then nothing
    else is printed. The picture of the network needs the code that the sweep's config names;
    without consent to code that is not yours the page has no picture.

    For example:

        mtl-search report
        mtl-search report runs/faces --html faces.html
        mtl-search report faces --markdown faces.md --json faces.json
        mtl-search report runs/faces --format json > faces.json
        mtl-search report faces --csv tables
    """
    from mtl_search.api.consent import split_modules

    trusted = trust_code or split_modules(trust_modules)
    files = {"html": html, "markdown": markdown, "json": json}
    report_command(sweep, form, csv=csv, trust_code=trusted, **files)


def report_command(
    sweep: Path | None,
    form: str,
    *,
    html: Path | None = None,
    markdown: Path | None = None,
    json: Path | None = None,
    csv: Path | None = None,
    trust_code: Trust = False,
) -> None:
    """Show a sweep as tables, print it as JSON or Markdown, or write it to files.

    Args:
        sweep: The sweep as the command line names it; None means the latest.
        form: The format of what is printed where no file is asked for: `table`, `json` or
            `markdown`.
        html: The HTML file to write.
        markdown: The Markdown file to write.
        json: The JSON file to write.
        csv: The folder of CSV files to write, one a table.
        trust_code: Code that may run for the picture of the network, though it is not yours.

    Raises:
        ConfigError: The format is another one, or a file has another ending or cannot be written.
        SweepError: There is no such sweep.
    """
    check_form(form, FORMS)
    asked = asked_files(html=html, markdown=markdown, json=json)
    result = api.Result(find_sweep(sweep), trust_code=trust_code)
    for path in asked:
        _write(result, path)
    if csv is not None:
        _write_tables(result, csv)
    elif not asked:
        _print(result, form)


def _write(result: api.Result, path: Path) -> None:
    from mtl_search.api.reporting import write_report

    write_report(result, path)
    console().print(f"The report is in {path}", markup=False, soft_wrap=True)


def _write_tables(result: api.Result, folder: Path) -> None:
    from mtl_search.api.reporting import write_tables

    names = write_tables(result, folder)
    line = f"{len(names)} tables are in {folder}: {', '.join(names)}"
    console().print(line, markup=False, soft_wrap=True)


def _print(result: api.Result, form: str) -> None:
    if form == "table":
        from mtl_search.report import render

        screen = console()
        render(result.evidence, screen, folder=result.directory)
        print_place(result.directory, screen)
    else:
        from mtl_search.api.reporting import report_text

        print(for_output(report_text(result, form), form), end="")  # noqa: T201
