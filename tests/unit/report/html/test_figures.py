from __future__ import annotations

import json

import plotly.graph_objects as go
import pytest

from mtl_search.analysis.views import Column, View
from mtl_search.report.html.figures import figure_of, harmless, height_of, plain_figure
from tests.support.documents import HOSTILE


def cost(arm: str) -> View:
    columns = [Column("arm", "arm"), Column("epochs", "epochs", "count")]
    rows = [
        {
            "arm": arm,
            "trials": 1,
            "failed": 0,
            "pruned": 0,
            "epochs": 3,
            "seconds": 1.0,
            "full_epochs": 3,
            "full_seconds": 1.0,
        }
    ]
    return View("cost", "Cost", "", columns, rows)


def test_a_view_without_a_plot_or_rows_has_no_figure() -> None:
    assert figure_of(View("unheard", "x", "", [], [{}])) is None
    assert figure_of(View("cost", "x", "", [], [])) is None


def test_a_figure_is_data_and_layout_without_its_title() -> None:
    figure = plain_figure(go.Figure(go.Bar(x=["equal"], y=[1]), {"title": "x", "height": 333}))
    assert figure["data"][0]["x"] == ["equal"]
    assert "title" not in figure["layout"]
    assert height_of(figure) == 333


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
