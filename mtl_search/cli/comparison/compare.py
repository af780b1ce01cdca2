"""`mtl-search compare`: several sweeps side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from mtl_search import api
from mtl_search.cli.comparison.report import FORMS, Form
from mtl_search.cli.console import console
from mtl_search.cli.options import Debug
from mtl_search.cli.reporting import find_sweep
from mtl_search.errors import ConfigError

Sweeps = Annotated[
    list[Path],
    typer.Argument(
        help="Two or more sweeps: folders, or configs or names of sweeps in `runs/`. The others "
        "are compared with the first.",
        metavar="SWEEP SWEEP...",
        show_default=False,
    ),
]
Html = Annotated[
    Path | None,
    typer.Option(
        "--html",
        help="Write the comparison to this .html file, one page that needs nothing beside it.",
        metavar="FILE",
        show_default=False,
    ),
]


def compare(
    sweeps: Sweeps,
    form: Form = "table",
    html: Html = None,
    debug: Debug = False,  # read in `main`, where errors arrive
) -> None:
    """Show several sweeps side by side: verdicts, settings that differ, gains, curves, cost.

    The network that each sweep recommends is compared with that of the first, with an interval
    where both had the same data. Where sweeps are not comparable (other data, tasks, measures, or
    one that has not finished) it says so, and what must not be concluded. Nothing is trained.

    For example:

        mtl-search compare runs/faces runs/faces-2
        mtl-search compare faces faces-2 faces-3 --html faces.html
        mtl-search compare runs/faces runs/faces-2 --format markdown > faces.md
    """
    compare_command(sweeps, form, html)


def compare_command(sweeps: list[Path], form: str, html: Path | None = None) -> None:
    """Print a comparison, or write it as HTML.

    Args:
        sweeps: The sweeps as the command line names them.
        form: The format of what is printed where no file is asked for.
        html: The HTML file to write.

    Raises:
        ConfigError: There are fewer than two sweeps, the format is another one, or the file has
            another ending or cannot be written.
        SweepError: There is no such sweep.
    """
    if form not in FORMS:
        raise ConfigError("not a format", path="--format", value=form, allowed=FORMS)
    if html is not None and html.suffix.lower() != ".html":
        message = "not the ending of such a file"
        raise ConfigError(message, path="--html", value=html.name, allowed=(".html",))
    if len(sweeps) < 2:
        message = "one sweep has nothing to be compared with: name another one, or use report"
        raise ConfigError(message, path="SWEEP", value=str(sweeps[0]))
    comparison = api.compare([find_sweep(sweep) for sweep in sweeps])
    if html is None:
        _print(comparison, form)
        return
    comparison.report(html)
    console().print(f"The comparison is in {html}", markup=False, soft_wrap=True)


def _print(comparison: api.SweepComparison, form: str) -> None:
    if form == "table":
        from mtl_search.report.sweeps.terminal import render_sweeps

        render_sweeps(comparison.document, console())
    else:
        print(comparison.text(form), end="")  # noqa: T201
