"""A sweep's report as a file: HTML, Markdown or JSON."""

from __future__ import annotations

import json
import logging
import tempfile
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from mtl_search.errors import ConfigError, SweepError

if TYPE_CHECKING:
    from mtl_search.analysis.evidence import Evidence
    from mtl_search.analysis.views import View
    from mtl_search.config import Config
    from mtl_search.report.document import Document
    from mtl_search.storage.records import SweepRecord

_log = logging.getLogger(__name__)


class Reported(Protocol):
    """What a report is made of: a `Result`, which writes itself by the functions below."""

    directory: Path
    config: Config
    record: SweepRecord

    @property
    def evidence(self) -> Evidence:
        """Record, config and verdict together."""

    def views(self) -> list[View]:
        """Return all views that have something to show."""

    def plot_model(self, path: Path) -> None:
        """Draw the network that is recommended."""


def write_report(result: Reported, path: str | Path) -> None:
    """Write the report of a sweep, finished or not.

    Args:
        result: The sweep.
        path: The file to write; its ending, `.html`, `.md` or `.json`, says the format. Its folder
            is made if there is none.

    Raises:
        ConfigError: The file has another ending, or it cannot be written.
    """
    write_by_ending(path, partial(report_text, result))


def write_by_ending(path: str | Path, text_of: Callable[[str], str]) -> None:
    """Write a report in the format that the ending of its file says.

    Args:
        path: The file, a `.html`, `.md` or `.json`. Its folder is made if there is none.
        text_of: Gives the text of a format: `html`, `markdown` or `json`.

    Raises:
        ConfigError: The file has another ending, or it cannot be written.
    """
    path = Path(path).expanduser()
    form = _ENDINGS.get(path.suffix.lower())
    if form is None:
        message = "the ending of a report's file says its format"
        raise ConfigError(message, value=path.name, allowed=tuple(_ENDINGS))
    text = text_of(form)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        message = f"cannot write the report: {error.strerror or error}"
        raise ConfigError(message, value=str(path)) from error


def write_tables(result: Reported, folder: str | Path) -> list[str]:
    """Write each table of a sweep's report to a CSV file, with all rows and digits.

    Args:
        result: The sweep.
        folder: The folder, which is made if there is none.

    Returns:
        The names of the files.

    Raises:
        ConfigError: A file cannot be written.
    """
    folder, names = Path(folder), []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for view in result.views():
            names.append(f"{view.name}.csv")
            (folder / names[-1]).write_text(view.csv(), encoding="utf-8", newline="")
    except OSError as error:
        message = f"cannot write the tables: {error.strerror or error}"
        raise ConfigError(message, path="--csv", value=str(folder)) from error
    return names


def report_text(result: Reported, form: str) -> str:
    """Return the report of a sweep as a text.

    Args:
        result: The sweep.
        form: `html`, `markdown` or `json`.
    """
    return _FORMS[form](result)


def build_document(result: Reported, *, picture: bool = True) -> Document:
    """Return all that a report of a sweep shows.

    Args:
        result: The sweep.
        picture: Whether the picture of the network is drawn, for which the network is loaded.
    """
    from mtl_search.report.document import Document

    return Document(
        result.evidence,
        result.views(),
        result.directory,
        _picture(result) if picture else "",
    )


def _picture(result: Reported) -> str:
    """Return the picture of the recommended network as SVG; empty where it cannot be drawn.

    A picture is no reason to be without a report, whatever keeps it from being drawn: a network
    that was not kept, code of strangers that is not run, a package that is not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.svg"
        try:
            result.plot_model(path)
            return path.read_text(encoding="utf-8")
        except SweepError as error:  # nothing was trained, or nothing was kept
            _log.info("The report has no picture of the network: %s", _first_line(error))
        except Exception as error:  # noqa: BLE001  # see above
            _log.warning("The report has no picture of the network: %s", _first_line(error))
    return ""


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0]


def _html(result: Reported) -> str:
    from mtl_search.report.html import to_html

    return to_html(build_document(result))


def _json(result: Reported) -> str:
    from mtl_search.report import to_json

    document = build_document(result, picture=False)
    tree = to_json(document.evidence, document.views)
    return json.dumps(tree, indent=1) + "\n"


def _markdown(result: Reported) -> str:
    from mtl_search.report.markdown import to_markdown

    return to_markdown(build_document(result, picture=False))


_FORMS: Mapping[str, Callable[[Reported], str]] = {
    "html": _html,
    "markdown": _markdown,
    "json": _json,
}
_ENDINGS = {".html": "html", ".md": "markdown", ".json": "json"}
