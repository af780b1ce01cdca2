"""Figures: plotly figures of views, one module each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mtl_search.analysis.views.view import View
from mtl_search.report.plots.cost import cost_figure
from mtl_search.report.plots.tasks.affinity import affinity_figure
from mtl_search.report.plots.tasks.gradient_conflict import gradient_conflict_figure
from mtl_search.report.plots.tasks.leave_one_out import leave_one_out_figure

# Name of the view → what draws it. Views that are not here are shown as tables alone.
FIGURES: Mapping[str, Callable[[View], Any]] = {
    "gradient_conflict": gradient_conflict_figure,
    "affinity": affinity_figure,
    "leave_one_out": leave_one_out_figure,
    "cost": cost_figure,
}
