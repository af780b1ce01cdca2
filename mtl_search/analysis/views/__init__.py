"""Views: what a report shows, each as one table that plots and files are made from."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.auxiliary import auxiliary
from mtl_search.analysis.views.baselines import baselines
from mtl_search.analysis.views.classes import classes
from mtl_search.analysis.views.cost import cost
from mtl_search.analysis.views.curves import curves
from mtl_search.analysis.views.delta_m_by_task import delta_m_by_task
from mtl_search.analysis.views.depth import depth
from mtl_search.analysis.views.depth_weights import depth_weights
from mtl_search.analysis.views.expected_maximum import expected_maximum
from mtl_search.analysis.views.history import history
from mtl_search.analysis.views.leaderboard import leaderboard
from mtl_search.analysis.views.pareto import pareto
from mtl_search.analysis.views.provenance import provenance
from mtl_search.analysis.views.rungs import rungs
from mtl_search.analysis.views.sensitivity import sensitivity
from mtl_search.analysis.views.settings import settings
from mtl_search.analysis.views.tasks.affinity import affinity
from mtl_search.analysis.views.tasks.by_label import by_label
from mtl_search.analysis.views.tasks.gradient_conflict import gradient_conflict
from mtl_search.analysis.views.tasks.leave_one_out import leave_one_out
from mtl_search.analysis.views.view import Column, View

__all__ = ["VIEWS", "Column", "View", "all_views"]

# In the order of the report. A view is None where the sweep has nothing to show.
VIEWS: Mapping[str, Callable[[Evidence], View | None]] = {
    "leaderboard": leaderboard,
    "delta_m_by_task": delta_m_by_task,
    "by_label": by_label,
    "pareto": pareto,
    "settings": settings,
    "baselines": baselines,
    "auxiliary": auxiliary,
    "depth": depth,
    "depth_weights": depth_weights,
    "sensitivity": sensitivity,
    "expected_maximum": expected_maximum,
    "history": history,
    "curves": curves,
    "rungs": rungs,
    "gradient_conflict": gradient_conflict,
    "affinity": affinity,
    "leave_one_out": leave_one_out,
    "classes": classes,
    "cost": cost,
    "provenance": provenance,
}


def all_views(evidence: Evidence) -> list[View]:
    """Return every view that the sweep has something to show for, in the order of the report."""
    made = [make(evidence) for make in VIEWS.values()]
    return [view for view in made if view is not None]
