"""What each sweep has cost, arm by arm."""

from __future__ import annotations

from collections.abc import Sequence

from mtl_search.analysis.sweeps.sweep import Sweep
from mtl_search.analysis.views.cost import cost
from mtl_search.analysis.views.view import Column, View


def costs(sweeps: Sequence[Sweep]) -> View | None:
    """Return the cost of each arm of each sweep; None where no trial has begun.

    The numbers are those of the report of each sweep.

    Args:
        sweeps: The sweeps.
    """
    views = [(sweep.label, cost(sweep.evidence)) for sweep in sweeps]
    known = [(label, view) for label, view in views if view is not None]
    if not known:
        return None
    columns = [Column("sweep", "sweep", help="The sweep."), *known[0][1].columns]
    rows = [{"sweep": label, **row} for label, view in known for row in view.rows]
    summary = " ".join(f"{label}: {view.summary}" for label, view in known)
    return View("costs", "What the sweeps have cost", summary, columns, rows)
