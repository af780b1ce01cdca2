"""The comparison as an HTML page; how it looks in a browser is tested elsewhere."""

from __future__ import annotations

import html
import json
import re
from dataclasses import replace

import pytest

from mtl_search.report.sweeps.document import SweepsDocument
from mtl_search.report.sweeps.html import sweeps_to_html


@pytest.fixture
def page(document: SweepsDocument) -> str:
    return sweeps_to_html(document)


def test_it_has_answer_cautions_and_every_view(document: SweepsDocument, page: str) -> None:
    text = html.unescape(page)
    for view in document.views:
        assert f'id="{view.name}"' in page
        assert view.summary in text
    for caution in document.cautions:
        assert f"{caution.seen}. <em>So {caution.so}.</em>" in text
    for sweep in document.sweeps:
        assert sweep.evidence.verdict.sentence() in text


def test_it_asks_for_nothing_from_elsewhere(page: str) -> None:
    shell = re.sub(r"<script>.*?</script>", "", page, flags=re.DOTALL)
    assert "default-src &#39;none&#39;" in page or "default-src 'none'" in page
    assert re.findall(r'(?:src|href)="(?!#|data:)[^"]*"', shell) == []
    assert len(page) < 6_000_000


def test_its_plots_are_those_of_the_views(page: str) -> None:
    plots = re.findall(r'class="figure">(.*?)</script>', page, re.DOTALL)
    names = [[trace["name"] for trace in json.loads(plot)["data"]] for plot in plots]
    assert names == [["one", "two"], ["one, equal", "one, search", "two, equal", "two, search"]]


def test_it_gives_the_python_of_every_view(document: SweepsDocument, page: str) -> None:
    text = html.unescape(page)
    for view in document.views:
        assert f"comparison.frame({view.name!r})" in text
    assert "comparison.plot('by_task').show()" in text
    assert "comparison.plot('costs')" not in text


@pytest.mark.parametrize(
    ("answers", "tone"),
    [(["better"], "good"), (["worse"], "bad"), ([None], "none"), (["better", "worse"], "none")],
)
def test_the_colour_follows_the_answer(
    document: SweepsDocument, answers: list[str | None], tone: str
) -> None:
    networks = document.view("networks")
    assert networks is not None
    rows = [{**networks.rows[0], "answer": answer} for answer in answers]
    changed = type(networks)("networks", networks.title, "s", networks.columns, rows)
    page = sweeps_to_html(SweepsDocument(document.sweeps, [], [changed]))
    assert f'class="verdict {tone}"' in page
    assert "Plotly.newPlot" not in page  # no plots, no plotly.js


def test_plots_keep_the_margins_of_the_theme(page: str) -> None:
    """Those of plotly would leave a plot of one task no room."""
    plots = re.findall(r'class="figure">(.*?)</script>', page, re.DOTALL)
    assert plots
    for plot in plots:
        margin = json.loads(plot)["layout"]["template"]["layout"]["margin"]
        assert max(margin.values()) < 20


def test_gains_that_are_not_known_are_no_empty_plot(document: SweepsDocument) -> None:
    views = [
        replace(view, rows=[{**row, "gain": None} for row in view.rows])
        if view.name == "by_task"
        else view
        for view in document.views
    ]
    page = sweeps_to_html(replace(document, views=views))
    assert page.count('class="figure">') == 1
