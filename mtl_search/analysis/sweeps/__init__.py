"""Several sweeps side by side: what differs between them, and what can be concluded from it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from mtl_search.analysis.sweeps.by_task import by_task
from mtl_search.analysis.sweeps.cautions import Caution, cautions_of
from mtl_search.analysis.sweeps.costs import costs
from mtl_search.analysis.sweeps.curves import curves
from mtl_search.analysis.sweeps.leaderboards import leaderboards
from mtl_search.analysis.sweeps.settings import settings
from mtl_search.analysis.sweeps.sweep import Sweep, labels_of
from mtl_search.analysis.sweeps.verdicts import networks, verdicts
from mtl_search.analysis.views.view import View

__all__ = ["SWEEP_VIEWS", "Caution", "Sweep", "cautions_of", "labels_of", "sweep_views"]

# In the order of the report. A view is None where no sweep has something to show.
SWEEP_VIEWS: Mapping[str, Callable[[Sequence[Sweep]], View | None]] = {
    "networks": networks,
    "verdicts": verdicts,
    "settings": settings,
    "by_task": by_task,
    "leaderboards": leaderboards,
    "curves": curves,
    "costs": costs,
}


def sweep_views(sweeps: Sequence[Sweep]) -> list[View]:
    """Return every view that sweeps have something to show for, in the order of the report.

    Args:
        sweeps: At least two sweeps; the others are compared with the first.
    """
    made = [make(sweeps) for make in SWEEP_VIEWS.values()]
    return [view for view in made if view is not None]
