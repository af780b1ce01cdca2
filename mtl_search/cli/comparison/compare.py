"""`mtl-search compare`: several sweeps side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtl_search import api
from mtl_search.cli import completion
from mtl_search.cli.comparison.files import FORMS, Form, Html, Json, Markdown, asked_files
from mtl_search.cli.console import console
from mtl_search.cli.encoding import for_output
from mtl_search.cli.options import Debug, check_form
from mtl_search.cli.reporting import find_sweep
from mtl_search.errors import ConfigError

Sweeps = Annotated[
    list[Path],
    typer.Argument(
        help="Two or more sweeps: folders, or configs or names of sweeps in `runs/`. The others "
        "are compared with the first.",
        metavar="SWEEP SWEEP...",
        show_default=False,
        autocompletion=completion.sweeps,
    ),
]


def compare(  # noqa: PLR0917  # typer calls it by name
    sweeps: Sweeps,
    form: Form = "table",
    html: Html = None,
    markdown: Markdown = None,
    json: Json = None,
    debug: Debug = False,  # read in `main`, where errors arrive
) -> None:
    """Show several sweeps side by side: verdicts, settings that differ, gains, curves, cost.

    The network that each sweep recommends is compared with that of the first, with an interval
    where both had the same data. Where sweeps are not comparable (other data, tasks, measures, or
    one that has not finished) it says so, and what must not be concluded. Nothing is trained.

    For example:

        mtl-search compare runs/faces runs/faces-2
        mtl-search compare faces faces-2 faces-3 --html faces.html --markdown faces.md
        mtl-search compare runs/faces runs/faces-2 --format markdown > faces.md
    """
    compare_command(sweeps, form, html=html, markdown=markdown, json=json)


def compare_command(
    sweeps: list[Path],
    form: str,
    *,
    html: Path | None = None,
    markdown: Path | None = None,
    json: Path | None = None,
) -> None:
    """Print a comparison, or write it to files.

    Args:
        sweeps: The sweeps as the command line names them.
        form: The format of what is printed where no file is asked for.
        html: The HTML file to write.
        markdown: The Markdown file to write.
        json: The JSON file to write.

    Raises:
        ConfigError: There are fewer than two sweeps, the format is another one, or the file has
            another ending or cannot be written.
        SweepError: There is no such sweep.
    """
    check_form(form, FORMS)
    asked = asked_files(html=html, markdown=markdown, json=json)
    if len(sweeps) < 2:
        message = "one sweep has nothing to be compared with: name another one, or use report"
        raise ConfigError(message, path="SWEEP", value=str(sweeps[0]))
    comparison = api.compare([find_sweep(sweep) for sweep in sweeps])
    for path in asked:
        comparison.report(path)
        console().print(f"The comparison is in {path}", markup=False, soft_wrap=True)
    if not asked:
        _print(comparison, form)


def _print(comparison: api.SweepComparison, form: str) -> None:
    if form == "table":
        from mtl_search.report.sweeps.terminal import render_sweeps

        render_sweeps(comparison.document, console())
    else:
        print(for_output(comparison.text(form), form), end="")  # noqa: T201
