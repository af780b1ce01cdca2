"""The comparison of several sweeps as one HTML page, in the form of a sweep's report."""

from __future__ import annotations

from markupsafe import Markup

from mtl_search.analysis.views.view import View
from mtl_search.report.html.figures import height_of, plain_figure
from mtl_search.report.html.page import render_page
from mtl_search.report.html.sections import Section
from mtl_search.report.html.tables import Table, embedded, make_tables
from mtl_search.report.sweeps.document import SweepsDocument
from mtl_search.report.sweeps.figures import SWEEP_FIGURES

# Characters of all tables; plotly.js takes 4.8 of the page's 6 MB.
_ROOM = 500_000
# Answer about the recommended networks → tone of the colours.
_TONES = {"better": "good", "worse": "bad", "practically equal": "even", "not decided": "open"}


def sweeps_to_html(document: SweepsDocument) -> str:
    """Return the comparison as one HTML page without requests to elsewhere.

    Args:
        document: The comparison.
    """
    tables = make_tables(document.views, _ROOM)
    sections = [
        _section(document, view, table) for view, table in zip(document.views, tables, strict=True)
    ]
    networks = document.view("networks")
    assert networks is not None
    return render_page(
        "sweeps.html.j2",
        sections,
        title=document.title,
        tone=_tone(networks),
        answers=[networks.summary],
        cautions=document.cautions,
        verdicts=[(s.label, s.evidence.verdict.sentence()) for s in document.sweeps],
        shown=sections,
    )


def _tone(networks: View) -> str:
    """Return the tone of the answer; that of several sweeps has none."""
    answers = {row["answer"] for row in networks.rows}
    return _TONES.get(answers.pop() or "", "none") if len(answers) == 1 else "none"


def _section(document: SweepsDocument, view: View, table: Table) -> Section:
    draw = SWEEP_FIGURES.get(view.name)
    figure = draw(view) if draw is not None and view.rows else None
    # Gains of sweeps without finalists are not known: there is nothing to draw.
    tree = plain_figure(figure) if figure is not None and figure.data else None
    height = height_of(tree) if tree else 0
    plot = embedded(tree) if tree else Markup()
    lines = _python(document, view.name, has_figure=tree is not None)
    return Section(view, "", False, plot, height, table, lines)


def _python(document: SweepsDocument, name: str, *, has_figure: bool) -> str:
    """Return the lines of Python that give a view."""
    folders = ", ".join(repr(str(sweep.folder)) for sweep in document.sweeps)
    lines = ["import mtl_search", "", f"comparison = mtl_search.compare([{folders}])"]
    if has_figure:
        lines.append(f"comparison.plot({name!r}).show()")
    return "\n".join([*lines, f"comparison.frame({name!r})"])
