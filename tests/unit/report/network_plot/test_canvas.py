"""The canvas of a network's picture."""

from __future__ import annotations

import pytest

from mtl_search.report.network_plot.canvas import make_canvas
from mtl_search.report.network_plot.draw import paint
from tests.support.graphs import graph


def test_a_point_is_given_in_inches_from_the_upper_left_corner() -> None:
    axes = make_canvas(4.0, 3.0)
    figure = axes.get_figure()
    assert figure is not None
    x, y = axes.transData.transform((1.0, 0.5)) / figure.dpi
    assert (x, y) == pytest.approx((1.0, 3.0 - 0.5))


def test_dollars_in_names_are_no_formulas() -> None:
    figure = paint(graph({"a": ["left"]}), "$x_1$ and $y")
    assert figure.axes[0].texts[0].get_text() == "$x_1$ and $y"
    assert not figure.axes[0].texts[0].get_parse_math()
