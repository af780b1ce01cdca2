"""Notebooks become pages with the outputs that they store; nothing is executed."""

from __future__ import annotations

import base64
import json
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tests.support.repository import REPOSITORY

Page = Callable[..., str]


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Page:
    """Makes the page of a notebook with these outputs in its one cell of code."""
    monkeypatch.syspath_prepend(str(REPOSITORY / "docs" / "hooks"))
    import notebook_pages  # type: ignore[import-not-found]

    def make(*outputs: Any) -> str:
        code = new_code_cell("1 < 2", outputs=list(outputs))
        notebook = new_notebook(cells=[new_markdown_cell("# Title"), code])
        nbformat.write(notebook, tmp_path / "a.ipynb")
        text: str = notebook_pages.page(tmp_path / "a.ipynb")
        return text

    monkeypatch.delitem(sys.modules, "notebook_pages")
    return make


def shown(**data: Any) -> Any:
    kinds = {"plain": "text/plain", "html": "text/html", "png": "image/png"}
    return new_output("execute_result", {kinds[name]: value for name, value in data.items()})


def test_text_and_code(page: Page) -> None:
    assert page() == "# Title\n\n````python\n1 < 2\n````\n"


def test_printed_text_is_escaped_and_keeps_its_lines(page: Page) -> None:
    text = page(new_output("stream", name="stdout", text="a <b>\n\nc\n"))
    assert "<pre>a &lt;b&gt;&#10;&#10;c</pre>" in text


def test_html_goes_before_text_and_has_no_empty_line(page: Page) -> None:
    text = page(shown(plain="poor", html="<table>\n\n<tr></tr></table>"))
    assert "<table>\n<tr></tr></table>" in text
    assert "poor" not in text


def test_a_picture_stands_in_the_page_with_its_text(page: Page) -> None:
    picture = shown(plain="Image", png=base64.b64encode(b"png").decode() + "\n")
    picture.metadata = {"image/png": {"width": 300, "alt": "two <stages>"}}
    text = page(picture)
    assert '<img alt="two &lt;stages&gt;" width="300" src="data:image/png;base64,cG5n">' in text


def test_a_plot_brings_its_values_and_the_scripts_once(page: Page) -> None:
    figure = {"data": [{"y": [1, 2], "name": "</script>"}], "layout": {"height": 300}}
    plot = new_output("display_data", {"application/vnd.plotly.v1+json": figure})
    text = page(plot, plot)
    assert text.count('<script src="../assets/plotly.min.js">') == 1
    found = re.findall(r'<script type="application/json" data-plot="([\w-]+)">(.*?)</script>', text)
    assert [name for name, _ in found] == ["plot-1-0", "plot-1-1"]
    assert json.loads(found[0][1]) == figure
    assert text.count('style="height:300px"') == 2
