"""Figures: plotly figures of views, one module each."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from plotly.graph_objects import Figure

from mtl_search.analysis.views.view import View
from mtl_search.report.plots.baselines import baselines_figure
from mtl_search.report.plots.cost import cost_figure
from mtl_search.report.plots.curves import curves_figure
from mtl_search.report.plots.depth import depth_figure
from mtl_search.report.plots.depth_weights import depth_weights_figure
from mtl_search.report.plots.expected_maximum import expected_maximum_figure
from mtl_search.report.plots.history import history_figure
from mtl_search.report.plots.importance import importance_figure
from mtl_search.report.plots.intervals import intervals_figure
from mtl_search.report.plots.leaderboard import leaderboard_figure
from mtl_search.report.plots.pareto import pareto_figure
from mtl_search.report.plots.rungs import rungs_figure
from mtl_search.report.plots.sensitivity import sensitivity_figure
from mtl_search.report.plots.tasks.affinity import affinity_figure
from mtl_search.report.plots.tasks.gradient_conflict import gradient_conflict_figure
from mtl_search.report.plots.tasks.leave_one_out import leave_one_out_figure

__all__ = ["FIGURES", "Figure"]

# Name of the view → what draws it. Views that are not here are shown as tables alone.
FIGURES: Mapping[str, Callable[[View], Figure]] = {
    "leaderboard": leaderboard_figure,
    "delta_m_by_task": intervals_figure,
    "pareto": pareto_figure,
    "baselines": baselines_figure,
    "auxiliary": intervals_figure,
    "depth": depth_figure,
    "depth_weights": depth_weights_figure,
    "sensitivity": sensitivity_figure,
    "importance": importance_figure,
    "expected_maximum": expected_maximum_figure,
    "history": history_figure,
    "curves": curves_figure,
    "rungs": rungs_figure,
    "gradient_conflict": gradient_conflict_figure,
    "affinity": affinity_figure,
    "leave_one_out": leave_one_out_figure,
    "cost": cost_figure,
}
