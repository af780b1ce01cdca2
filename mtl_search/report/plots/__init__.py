"""Figures: plotly figures of views, one module each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mtl_search.analysis.views.view import View
from mtl_search.report.plots.cost import cost_figure

# Name of the view → what draws it. Views that are not here are shown as tables alone.
FIGURES: Mapping[str, Callable[[View], Any]] = {
    "cost": cost_figure,
}
