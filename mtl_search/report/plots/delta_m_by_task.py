"""What each task gains by sharing."""

from __future__ import annotations

import plotly.graph_objects as go

from mtl_search.analysis.views.view import View
from mtl_search.report.plots.intervals import intervals_figure


def delta_m_by_task_figure(view: View) -> go.Figure:
    """Draw the gain of each task with its interval, best on top; filled where it is claimed.

    Args:
        view: The gains by task.
    """
    return intervals_figure(view)
