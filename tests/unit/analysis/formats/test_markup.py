"""HTML of notebooks: what is in it cannot become markup."""

from __future__ import annotations

import pytest

from mtl_search.analysis.formats.markup import Tone, marked, table

EVIL = "<script>alert('x')</script>"


@pytest.mark.parametrize("tone", ["good", "warning", "neutral"])
def test_texts_are_escaped_and_colours_are_the_pages(tone: Tone) -> None:
    html = marked(EVIL, EVIL, tone)
    assert "<script" not in html
    assert html.count("&lt;script&gt;") == 2
    assert "background" not in html
    assert ";color" not in html


def test_cells_and_titles_are_escaped() -> None:
    html = table([EVIL], [[EVIL], ["b"]])
    assert "<script" not in html
    assert html.count("<tr>") == 3
    assert table([], [["a"]]).count("<tr>") == 1
