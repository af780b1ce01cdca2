"""What each auxiliary task was worth."""

from __future__ import annotations

import plotly.graph_objects as go

from mtl_search.analysis.views.view import View
from mtl_search.report.plots.intervals import intervals_figure


def auxiliary_figure(view: View) -> go.Figure:
    """Draw what the main tasks gain by each auxiliary task, with its interval.

    Args:
        view: The worth of auxiliary tasks.
    """
    return intervals_figure(view)
