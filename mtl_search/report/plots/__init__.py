"""Figures: plotly figures of views, one module each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from plotly.graph_objects import Figure

from mtl_search.analysis.views.view import View
from mtl_search.report.plots.auxiliary import auxiliary_figure
from mtl_search.report.plots.baselines import baselines_figure
from mtl_search.report.plots.cost import cost_figure
from mtl_search.report.plots.curves import curves_figure
from mtl_search.report.plots.delta_m_by_task import delta_m_by_task_figure
from mtl_search.report.plots.depth import depth_figure
from mtl_search.report.plots.depth_weights import depth_weights_figure
from mtl_search.report.plots.expected_maximum import expected_maximum_figure
from mtl_search.report.plots.history import history_figure
from mtl_search.report.plots.importance import importance_figure
from mtl_search.report.plots.leaderboard import leaderboard_figure
from mtl_search.report.plots.pareto import pareto_figure
from mtl_search.report.plots.rungs import rungs_figure
from mtl_search.report.plots.sensitivity import sensitivity_figure

__all__ = ["FIGURES", "Figure"]

# Name of the view → what draws it. Views that are not here are shown as tables alone.
FIGURES: Mapping[str, Callable[[View], Figure]] = {
    "leaderboard": leaderboard_figure,
    "delta_m_by_task": delta_m_by_task_figure,
    "pareto": pareto_figure,
    "baselines": baselines_figure,
    "auxiliary": auxiliary_figure,
    "depth": depth_figure,
    "depth_weights": depth_weights_figure,
    "sensitivity": sensitivity_figure,
    "importance": importance_figure,
    "expected_maximum": expected_maximum_figure,
    "history": history_figure,
    "curves": curves_figure,
    "rungs": rungs_figure,
    "cost": cost_figure,
}
