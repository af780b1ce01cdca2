from __future__ import annotations

import json

import pytest

from mtl_search.analysis.views import Column, View
from mtl_search.report.html.figures import figure_of, harmless
from tests.support.documents import HOSTILE


def cost(arm: str) -> View:
    columns = [Column("arm", "arm"), Column("epochs", "epochs", "count")]
    rows = [{"arm": arm, "trials": 1, "failed": 0, "pruned": 0, "epochs": 3, "seconds": 1.0}]
    return View("cost", "Cost", "", columns, rows)


def test_a_view_without_a_plot_or_rows_has_no_figure() -> None:
    assert figure_of(View("unheard", "x", "", [], [{}])) is None
    assert figure_of(View("cost", "x", "", [], [])) is None


def test_colours_of_the_page_are_left_to_the_page() -> None:
    figure = figure_of(cost("equal"))
    assert figure is not None
    assert "equal" in json.dumps(figure["data"])
    assert not {"template", "title"} & figure["layout"].keys()


def test_names_in_plots_are_no_markup() -> None:
    figure = figure_of(cost(HOSTILE))
    assert "<script" not in json.dumps(figure)
    assert "&lt;script" in json.dumps(figure)


@pytest.mark.parametrize("kept", ["a<br>b", "<b>a</b>", "%{x}<extra></extra>", ["1", "<", "2"][0]])
def test_markup_of_plots_stays(kept: str) -> None:
    assert harmless([kept, 1, None]) == [kept, 1, None]


@pytest.mark.parametrize("name", ["<a href='https://a.b'>", "<BR onclick=x>", "<span style='x'>"])
def test_other_markup_is_shown_as_it_is_written(name: str) -> None:
    assert harmless(name) == name.replace("<", "&lt;")
