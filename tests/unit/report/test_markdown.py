"""The report as Markdown: what a reader of GitHub sees, found by parsing it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.health import Check
from mtl_search.analysis.views import Column, View, all_views
from mtl_search.report.document import Document
from mtl_search.report.markdown import (
    MOST_COLUMNS,
    MOST_ROWS,
    escaped,
    health_list,
    table,
    to_markdown,
    view_parts,
)
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder, whole


def tokens(text: str) -> list[Token]:
    """The blocks as a parser with tables and struck-out text, as GitHub's, reads them."""
    return MarkdownIt("commonmark").enable(["table", "strikethrough"]).parse(text)


def shown(inline: Token) -> str:
    """The text that a reader sees of a line, which must hold no marks but bold and code."""
    kinds = {child.type for child in inline.children or []}
    assert kinds <= {"text", "strong_open", "strong_close", "code_inline", "text_special"}, kinds
    return "".join(child.content for child in inline.children or [])


def cells(text: str) -> list[list[str]]:
    """The rows of all tables, their titles included."""
    rows: list[list[str]] = []
    for before, token in zip([None, *tokens(text)], tokens(text), strict=False):
        if token.type == "tr_open":
            rows.append([])
        if before is not None and before.type in ("th_open", "td_open"):
            rows[-1].append(shown(token))
    return rows


def lines(text: str) -> Iterator[str]:
    yield from (line for line in text.splitlines() if line)


@given(st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"])))
def test_any_text_is_shown_as_it_is(text: str) -> None:
    plain = " ".join(text.split())
    assert cells(table(["name"], [[text]], [False])) == [["name"], [plain]]


@pytest.mark.parametrize(
    "text", ["a|b", "`c`", "<i>x</i>", "&lt;", "_it_", "**b**", "[a](b)", "~~"]
)
def test_marks_lose_their_meaning(text: str) -> None:
    assert cells(table(["name"], [[text]], [False]))[1] == [text]


def test_a_name_with_underscores_stays_readable() -> None:
    assert escaped("val/left_eye/delta_m") == "val/left_eye/delta_m"


def test_a_cell_has_one_line() -> None:
    assert cells(table(["name"], [["first\nsecond\r\nthird"]], [False]))[1] == [
        "first second third"
    ]


def test_warnings_come_first() -> None:
    checks = [Check("range", True, "well"), Check("seeds", False, "too few")]
    assert health_list(checks).splitlines() == ["- ⚠ **seeds**: too few", "- ✓ **range**: well"]


def long_view(rows: int, columns: int) -> View:
    names = [f"c{number}" for number in range(columns)]
    kinds = [Column(name, name, "count") for name in names]
    return View("long", "Long", "Many rows.", kinds, [dict.fromkeys(names, n) for n in range(rows)])


def test_long_tables_are_cut_and_say_so() -> None:
    parts = "\n\n".join(view_parts(long_view(1240, 20)))
    rows = cells(parts)
    assert (len(rows) - 1, len(rows[0])) == (MOST_ROWS, MOST_COLUMNS)
    assert "the first 25 of 1,240 rows and the first 16 of 20 columns; all are" in parts
    assert "Shown are" not in "\n\n".join(view_parts(long_view(MOST_ROWS, MOST_COLUMNS)))


def test_long_cells_are_cut_and_say_so() -> None:
    """Those of 600 loss weights would be a line of 3,000 characters."""
    weights = ":".join(["1.00"] * 600)
    rows = [{"arm": "equal", "weights": weights}, {"arm": "search", "weights": "1:2"}]
    view = View("leaderboard", "Arms", "", [Column("arm", "arm"), Column("weights", "w")], rows)
    text = "\n\n".join(view_parts(view))
    assert cells(text)[1] == ["equal", weights[:99] + "…"]
    assert cells(text)[2] == ["search", "1:2"]
    assert "*Shown are the first 99 characters of cells that end in …; all are under" in text
    assert max(map(len, lines(text))) < 200
    short = View("leaderboard", "Arms", "", view.columns, rows[1:])
    assert "Shown" not in "\n\n".join(view_parts(short))


def test_the_report_has_verdict_checks_and_every_view(builder: Builder) -> None:
    whole(builder.scales(), seeds=5, twins=True, items=50)
    evidence = evidence_of(builder)
    views = all_views(evidence)
    text = to_markdown(Document(evidence, views, Path("runs/demo")))
    headings = [
        shown(token)
        for before, token in zip(tokens(text), tokens(text)[1:], strict=False)
        if before.type == "heading_open"
    ]
    assert headings == ["demo: report of a sweep", "Health checks", *(v.title for v in views)]
    assert all(escaped(sentence) in text for sentence in evidence.verdict.sentences())
    assert "name: demo" in text
    assert len(cells(text)) == sum(1 + min(len(view.rows), MOST_ROWS) for view in views)


def test_a_sweep_without_a_trial_has_a_report(builder: Builder) -> None:
    evidence: Evidence = evidence_of(builder)
    text = to_markdown(Document(evidence, all_views(evidence), Path("runs/demo")))
    assert "0 trials, not finished" in text
    assert "**Not tested.**" in text
