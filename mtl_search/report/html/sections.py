"""Sections of the page: a view each, in groups."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from markupsafe import Markup

from mtl_search.analysis.views.view import View
from mtl_search.report.document import Document
from mtl_search.report.html.commands import python_lines
from mtl_search.report.html.figures import figure_of, height_of
from mtl_search.report.html.tables import Table, embedded, make_tables

# On the first screen, in this order.
_FIRST = ("leaderboard", "pareto")
# Group → its views, in order; a view that stands in none comes into the last.
_GROUPS: Mapping[str, tuple[str, ...]] = {
    "Tasks": (
        "classes",
        "delta_m_by_task",
        "by_label",
        "baselines",
        "auxiliary",
        "leave_one_out",
        "affinity",
        "gradient_conflict",
    ),
    "Settings": ("settings", "depth", "depth_weights", "sensitivity", "importance"),
    "Search and training": ("history", "expected_maximum", "curves", "rungs"),
    "Cost and provenance": ("cost", "provenance"),
}
_OTHERS = "More"
# Characters of plots and tables. A page has 6 MB; plotly.js takes 1.9 of them, and the rows that
# are shown, the network's picture and the config at most 1.5.
_ROOM = 2_500_000
_LEAST_ROOM = 250_000


@dataclass(frozen=True)
class Section:
    """One view on the page.

    Attributes:
        view: The view.
        group: The heading that it stands below.
        is_first: Whether it stands on the first screen.
        figure: What plotly draws, as JSON; empty where there is no plot.
        height: Height of the plot in pixels, so that nothing moves when it is drawn.
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
    views = sorted(document.views, key=_place)
    figures = [figure_of(view) for view in views]
    plots = [embedded(figure) if figure else Markup() for figure in figures]
    tables = make_tables(views, max(_LEAST_ROOM, _ROOM - sum(map(len, plots))))
    return [
        Section(
            view,
            _group(view),
            view.name in _FIRST,
            plot,
            height_of(figure) if figure else 0,
            table,
            python_lines(document.folder, view.name, has_figure=bool(plot)),
        )
        for view, figure, plot, table in zip(views, figures, plots, tables, strict=True)
    ]


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
