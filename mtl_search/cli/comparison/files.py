"""Forms of a report, and the files that it is written to."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
Json = Annotated[
    Path | None,
    typer.Option(
        "--json",
        help="Write it to this .json file, whose layout has a version.",
        metavar="FILE",
        show_default=False,
    ),
]
Csv = Annotated[
    Path | None,
    typer.Option(
        "--csv",
        help="Write every table to a .csv file in this folder, with all tasks and digits.",
        metavar="FOLDER",
        show_default=False,
    ),
]
Form = Annotated[
    str,
    typer.Option("--format", help="`table`, `json` or `markdown`.", metavar="table|json|markdown"),
]
FORMS = ("table", "json", "markdown")
_ENDINGS = {"html": ".html", "markdown": ".md", "json": ".json"}


def asked_files(**files: Path | None) -> list[Path]:
    """Return the files that are asked for.

    Args:
        files: `html`, `markdown` and `json` → file; None: not asked for.

    Raises:
        ConfigError: A file has another ending than its form.

    Examples:
        >>> asked_files(html=None, markdown=Path("a.md"))
        [PosixPath('a.md')]
    """
    for form, path in files.items():
        if path is not None and path.suffix.lower() != _ENDINGS[form]:
            message = "not the ending of such a file"
            allowed = (_ENDINGS[form],)
            raise ConfigError(message, path=f"--{form}", value=path.name, allowed=allowed)
    return [path for path in files.values() if path is not None]
