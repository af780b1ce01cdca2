"""A sweep's report as a file: HTML, Markdown or JSON."""

from __future__ import annotations

import importlib
import json
import logging
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from mtl_search.errors import ConfigError

if TYPE_CHECKING:
    from mtl_search.analysis.evidence import Evidence
    from mtl_search.analysis.views import View
    from mtl_search.api.result import Result
    from mtl_search.report.document import Document

_log = logging.getLogger(__name__)


def write_report(result: Result, path: str | Path) -> None:
    """Write the report of a sweep, finished or not.

    Args:
        result: The sweep.
        path: The file to write; its ending, `.html`, `.md` or `.json`, says the format. Its folder
            is made if there is none.

    Raises:
        ConfigError: The file has another ending, or it cannot be written.
    """
    path = Path(path)
    render = _RENDERERS.get(path.suffix.lower())
    if render is None:
        raise ConfigError(
            "the ending of a report's file says its format",
            value=path.name,
            allowed=tuple(_RENDERERS),
        )
    text = render(result)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(
            f"cannot write the report: {error.strerror or error}", value=str(path)
        ) from error


def build_document(result: Result, *, picture: bool = True) -> Document:
    """Return all that a report of a sweep shows.

    Args:
        result: The sweep.
        picture: Whether the picture of the network is drawn, for which the network is loaded.
    """
    from mtl_search.analysis.evidence import Evidence
    from mtl_search.analysis.references import main_metrics
    from mtl_search.analysis.views import all_views
    from mtl_search.report.document import Document

    tasks = main_metrics(result.record, result.config)
    evidence = Evidence(result.record, result.config, result.verdict, tasks)
    views = [*all_views(evidence), *_views_of_search(evidence)]
    return Document(evidence, views, result.directory, _picture(result) if picture else "")


def _views_of_search(evidence: Evidence) -> list[View]:
    """Return the views that Optuna computes."""
    try:
        importance = importlib.import_module("mtl_search.search.studies.importance")
    except ModuleNotFoundError:
        return []
    view = importance.importance_view(evidence.record, evidence.config)
    return [] if view is None else [view]


def _picture(result: Result) -> str:
    """Return the picture of the recommended network as SVG; empty where it cannot be drawn.

    A picture is no reason to be without a report, whatever keeps it from being drawn: a network
    that was not kept, code of strangers that is not run, a package that is not installed.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "network.svg"
        try:
            result.plot_model(path)
            return path.read_text(encoding="utf-8")
        except Exception as error:  # noqa: BLE001  # see above
            reason = str(error).partition("\n")[0]
            _log.info("the report has no picture of the network: %s", reason)
            return ""


def _html(result: Result) -> str:
    from mtl_search.report.html import to_html

    return to_html(build_document(result))


def _json(result: Result) -> str:
    from mtl_search.report import to_json

    return json.dumps(to_json(result.record, result.config, result.directory), indent=1) + "\n"


def _markdown(result: Result) -> str:
    from mtl_search.report.markdown import to_markdown

    return to_markdown(build_document(result, picture=False))


_RENDERERS: Mapping[str, Callable[[Result], str]] = {
    ".html": _html,
    ".md": _markdown,
    ".json": _json,
}
