"""What holds of every figure: one theme, no title, nothing that cannot be read on a phone."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from mtl_search.analysis.views import VIEWS, View
from mtl_search.report.plots import FIGURES
from tests.support.varied_sweeps import ON_REQUEST

# Figures of views that a sweep has on request alone are tested by themselves.
DRAWN = [name for name in FIGURES if name not in {*ON_REQUEST, "importance"}]


def texts(figure: Mapping[str, Any]) -> list[str]:
    """The texts under the pointer."""
    return [text for trace in figure["data"] for text in _flat(trace.get("customdata", []))]


def _flat(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else [text for part in value for text in _flat(part)]


def test_every_figure_is_of_a_view() -> None:
    assert set(FIGURES) - {"importance"} <= set(VIEWS)
    assert set(VIEWS) - set(FIGURES) == {
        "by_label",
        "classes",
        "settings",
        "provenance",
    }  # words and long lists, which a table shows best


@pytest.mark.parametrize("name", DRAWN)
@pytest.mark.parametrize("size", ["views", "many"])
def test_figures_share_a_theme(name: str, size: str, request: pytest.FixtureRequest) -> None:
    view: View = request.getfixturevalue(size)[name]
    drawn = FIGURES[name](view)
    figure = json.loads(drawn.to_json())
    layout = figure["layout"]
    assert layout["template"]["layout"]["paper_bgcolor"] == "rgba(0,0,0,0)"
    assert "title" not in layout
    assert 150 < layout["height"] < 1500
    assert figure["data"]
    assert texts(figure)
    assert all(text == "" or text.startswith("<b>") for text in texts(figure))
    assert len(drawn.to_json()) < 400_000


def test_names_cannot_bring_markup(views: Mapping[str, View]) -> None:
    """Task names are the user's."""
    view = views["delta_m_by_task"]
    rows = [{**row, "task": "<img src=x>"} for row in view.rows]
    changed = View(view.name, "", "", view.columns, rows, "", view.about)
    written = FIGURES["delta_m_by_task"](changed).to_json()
    assert "<img" not in json.loads(written)["data"][0]["y"][0]
    assert "&lt;img src=x&gt;" in written.replace("\\u0026", "&").replace("\\u003c", "<")


@pytest.mark.parametrize("name", ["delta_m_by_task", "baselines", "cost"])
def test_long_names_that_begin_alike_have_a_row_each(views: Mapping[str, View], name: str) -> None:
    view = views[name]
    key = view.columns[0].name
    rows = [{**row, key: f"{'a_long_name_' * 25}{number}"} for number, row in enumerate(view.rows)]
    drawn = FIGURES[name](View(name, "", "", view.columns, rows, "", view.about))
    assert len({place for trace in drawn.data for place in trace.y}) == len(rows) > 1
