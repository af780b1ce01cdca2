"""Sections of the page: a view each, in groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup

from mtl_search.analysis.views.view import View
from mtl_search.report.document import Document
from mtl_search.report.html.commands import python_lines
from mtl_search.report.html.figures import figure_of
from mtl_search.report.html.tables import Table, embedded, make_table

# On the first screen, in this order.
_FIRST = ("leaderboard", "pareto")
# Group → its views, in order; a view that stands in none comes into the last.
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "Tasks": (),
}
_OTHERS = "Details"


@dataclass(frozen=True)
class Section:
    """One view on the page.

    Attributes:
        view: The view.
        group: The heading that it stands below.
        is_first: Whether it stands on the first screen.
        figure: What plotly draws, as JSON; empty where there is no plot.
        height: Height of the plot in pixels.
        table: Its table.
        python: The lines of Python that give the same.
    """

    view: View
    group: str
    is_first: bool
    figure: Markup
    height: int
    table: Table
    python: str


def make_sections(document: Document) -> list[Section]:
    """Return the sections in the order of the page.

    Args:
        document: The sweep's report.
    """
    return [_section(document, view) for view in sorted(document.views, key=_place)]


def _section(document: Document, view: View) -> Section:
    figure = figure_of(view)
    has_figure = figure is not None
    return Section(
        view,
        _group(view),
        view.name in _FIRST,
        embedded(figure) if has_figure else Markup(),
        _height(figure),
        make_table(view),
        python_lines(document.folder, view.name, has_figure=has_figure),
    )


def _height(figure: Mapping[str, Any] | None) -> int:
    """Return the height that a plot asks for, so that nothing moves when it is drawn."""
    return int((figure or {}).get("layout", {}).get("height") or 420)


def _group(view: View) -> str:
    return next((group for group, names in _GROUPS.items() if view.name in names), _OTHERS)


def _place(view: View) -> tuple[int, int]:
    """Return what sections are sorted by; views that are equal keep the order of the report."""
    if view.name in _FIRST:
        return (-1, _FIRST.index(view.name))
    for number, names in enumerate(_GROUPS.values()):
        if view.name in names:
            return (number, names.index(view.name))
    return (len(_GROUPS), 0)
