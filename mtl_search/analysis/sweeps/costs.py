"""What each sweep has cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mtl_search.analysis import formats
from mtl_search.analysis.sweeps.sweep import Sweep
from mtl_search.analysis.views.cost import cost
from mtl_search.analysis.views.view import Column, View
from mtl_search.storage.arm_name import ArmName

_COLUMNS = (
    Column("sweep", "sweep", help="The sweep."),
    Column("trials", "trials", "count", "Number of trials that have begun."),
    Column("failed", "failed", "count", "Number of trials that failed."),
    Column("pruned", "stopped early", "count", "Number of trials that the scheduler stopped."),
    Column("epochs", "epochs", "count", "Epochs of all trials."),
    Column("search_epochs", "of the search", "count", "Epochs of trials that are no finalists."),
    Column("final_epochs", "of finalists", "count", "Epochs of trials on fresh seeds or splits."),
    Column(
        "seconds", "seconds", "seconds", "Seconds of training of all trials, side by side or not."
    ),
)
_SUMS = ("trials", "failed", "pruned", "epochs", "seconds")


def costs(sweeps: Sequence[Sweep]) -> View | None:
    """Return what each sweep has cost; None where no trial has begun.

    The numbers are the sums over arms of those in the report of each sweep.

    Args:
        sweeps: The sweeps.
    """
    views = [(sweep.label, cost(sweep.evidence)) for sweep in sweeps]
    rows = [_row(label, view.rows) for label, view in views if view is not None]
    if not rows:
        return None
    told = [
        f"{row['sweep']} {formats.counted(row['epochs'], 'epoch')} in "
        f"{formats.counted(row['trials'], 'trial')}"
        for row in rows
    ]
    note = "Seconds depend on the machine and on how many trials ran side by side; epochs do not."
    summary = f"{'; '.join(told)}."
    return View("costs", "What the sweeps have cost", summary, _COLUMNS, rows, note=note)


def _row(label: str, arms: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    final = sum(arm["epochs"] for arm in arms if ArmName(arm["arm"]).is_repeat)
    sums = {name: sum(arm[name] for arm in arms) for name in _SUMS}
    parts = {"search_epochs": sums["epochs"] - final, "final_epochs": final}
    return {"sweep": label, **sums, **parts}
