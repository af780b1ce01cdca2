"""A number that stands in several places is the same in all: one table, one way of writing.

The expected texts come from the views of the sweep. What MLflow shows is compared elsewhere.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from rich.console import Console

from mtl_search import api
from mtl_search.analysis.views import View
from mtl_search.api.reporting import build_document, report_text
from mtl_search.report import render
from mtl_search.report.cells import cell
from mtl_search.report.html import to_html
from mtl_search.report.html.tables import SHOWN_ROWS
from mtl_search.report.markdown import MOST_COLUMNS, MOST_ROWS
from mtl_search.report.merged_columns import merged_columns
from tests.support.compared_sweeps import OLD, write_sweep

Rows = list[list[str]]


@dataclass(frozen=True)
class Renderings:
    """One sweep in all its forms."""

    views: Mapping[str, View]
    verdict: str
    terminal: str
    markdown: str
    page: str
    tree: dict[str, Any]


def rendered(folder: Path) -> Renderings:
    result = api.Result(folder)
    document = build_document(result, picture=False)
    stream = io.StringIO()
    render(result.evidence, Console(file=stream, width=400), folder=folder)
    return Renderings(
        {view.name: view for view in document.views},
        result.verdict.sentence(),
        stream.getvalue(),
        report_text(result, "markdown"),
        to_html(document),
        json.loads(report_text(result, "json")),
    )


@pytest.fixture(scope="module", params=["made up", "v0_1_finished"])
def forms(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Renderings:
    if request.param != "made up":
        return rendered(OLD / request.param)
    return rendered(write_sweep(tmp_path_factory.mktemp("same") / "demo", seeds=5, items=60))


def expected(view: View, most: int) -> Rows:
    return [[cell(c, row.get(c.name)) for c in view.columns] for row in view.rows[:most]]


def one_line(text: str) -> str:
    """The words of a text in a frame, without the frame and its line breaks."""
    return " ".join(text.replace("│", " ").split())


def test_the_verdict_is_told_in_the_same_words(forms: Renderings) -> None:
    words = one_line(forms.verdict)
    assert forms.tree["verdict"]["sentence"] == forms.verdict
    assert words in one_line(forms.terminal)
    assert words in one_line(_plain_markdown(forms.markdown))
    numbers = re.findall(r"[+-]\d+\.\d|\d[\d,]*", words)
    page = re.sub(r"<script>.*?</script>|<[^>]+>", " ", forms.page, flags=re.DOTALL)
    assert [number for number in numbers if number not in page] == []


def test_json_has_the_rows_of_all_views(forms: Renderings) -> None:
    assert [view["name"] for view in forms.tree["views"]] == list(forms.views)
    for written in forms.tree["views"]:
        view = forms.views[written["name"]]
        assert expected(replace(view, rows=written["rows"]), 10_000) == expected(view, 10_000)


def test_html_has_the_rows_of_all_views(forms: Renderings) -> None:
    tables = _html_tables(forms.page)
    filled = [name for name, view in forms.views.items() if view.rows]
    assert sorted(tables) == sorted(filled)
    for name in filled:
        assert tables[name] == expected(forms.views[name], SHOWN_ROWS), name


def test_markdown_has_the_rows_of_all_views(forms: Renderings) -> None:
    views = [view for view in forms.views.values() if view.rows]
    tables = _markdown_tables(forms.markdown)
    assert len(tables) == len(views)
    for view, rows in zip(views, tables, strict=True):
        columns = merged_columns(replace(view, rows=view.rows[:MOST_ROWS]))[:MOST_COLUMNS]
        texts = [" ".join(text.split()) for column in columns for text in column.cells]
        assert [text for column in zip(*rows, strict=True) for text in column] == texts
        numbers = set(re.findall(r"[+-]?\d[\d.,e+-]*\d", " ".join(texts)))
        of_cells = {text for row in expected(view, MOST_ROWS) for text in row}
        assert numbers <= set(re.findall(r"[+-]?\d[\d.,e+-]*\d", " ".join(of_cells)))


def test_the_terminal_has_the_gains_of_each_task(forms: Renderings) -> None:
    lines = _table(forms.terminal, "By task")
    view = forms.views["delta_m_by_task"]
    assert len(lines) == len(view.rows)
    columns = {column.name: column for column in view.columns}
    for line, row in zip(lines, view.rows, strict=True):
        texts = {name: cell(column, row.get(name)) for name, column in columns.items()}
        assert line[:2] == [row["task"], row["metric"]]
        assert f"{texts['gain']} [{texts['low']}, {texts['high']}]" in line
        for name in ("single", "shared", "twin"):
            if texts.get(name):
                assert texts[name] in line


def test_the_terminal_has_what_each_arm_took(forms: Renderings) -> None:
    lines = {line[0]: line for line in _table(forms.terminal, "What each arm took")}
    view = forms.views["cost"]
    columns = {column.name: column for column in view.columns}
    assert list(lines) == [row["arm"] for row in view.rows]
    for row in view.rows:
        for name in ("trials", "epochs", "seconds"):
            assert cell(columns[name], row[name]) in lines[row["arm"]], (row["arm"], name)


def test_the_terminal_has_the_leaderboard_of_finalists(forms: Renderings) -> None:
    lines = {line[0]: line for line in _table(forms.terminal, "Finalists")}
    view = forms.views["leaderboard"]
    columns = {column.name: column for column in view.columns}
    by_arm = {(row["arm"], row["origin"]): row for row in view.rows}
    compared = 0
    for name, line in lines.items():
        row = by_arm.get((name.removesuffix(" ✓"), line[-1]))
        assert row is not None, line
        for key in ("test_skill", "parameters", "seeds"):
            if key in columns and row.get(key) is not None:
                assert cell(columns[key], row[key]) in line, (name, key)
                compared += 1
    assert compared >= 2 * len(lines)


# ---------------------------------------------------------------- what a reader sees


class _Tables(HTMLParser):
    """Collect the cells of the tables of views, by the view's name."""

    def __init__(self) -> None:
        super().__init__()
        self.tables: dict[str, Rows] = {}
        self._view = ""
        self._cell: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if values.get("data-view"):
            self._view = str(values["data-view"])
            self.tables[self._view] = []
        elif tag == "tr" and self._view:
            self.tables[self._view].append([])
        elif tag == "td":
            self._cell = []

    def handle_endtag(self, tag: str) -> None:
        if tag == "td" and self._cell is not None:
            self.tables[self._view][-1].append("".join(self._cell))
            self._cell = None

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)


def _html_tables(page: str) -> dict[str, Rows]:
    parser = _Tables()
    parser.feed(page)
    return {name: [row for row in rows if row] for name, rows in parser.tables.items()}


def _markdown_tables(text: str) -> list[Rows]:
    """The cells of all tables, without their titles."""
    tables: list[Rows] = []
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    for before, token in zip([None, *tokens], tokens, strict=False):
        if token.type == "table_open":
            tables.append([])
        elif token.type == "tr_open":
            tables[-1].append([])
        elif before is not None and before.type == "td_open":
            tables[-1][-1].append("".join(child.content for child in token.children or []))
    return [[row for row in rows if row] for rows in tables]


def _plain_markdown(text: str) -> str:
    """The text of all lines without marks."""
    tokens = MarkdownIt("commonmark").parse(text)
    inline = [token for token in tokens if token.type == "inline"]
    return " ".join("".join(c.content for c in token.children or []) for token in inline)


def _table(terminal: str, title: str) -> Rows:
    """The cells of the table below a title, without its header."""
    lines = terminal.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith(title))
    rule = next(n for n in range(start, len(lines)) if set(lines[n].strip()) == {"─"})
    rows = []
    for line in lines[rule + 1 :]:
        if not line.strip():
            break
        rows.append(re.split(r"\s{2,}", line.strip()))
    return rows
