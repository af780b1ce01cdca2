"""How fast each sweep got where it is: the best so far against the epochs spent."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from mtl_search.analysis.sweeps.sweep import Sweep
from mtl_search.analysis.views.view import Column, View
from mtl_search.storage.arm_name import SHARED

_COLUMNS = (
    Column("sweep", "sweep", help="The sweep."),
    Column("arm", "arm", help="equal or search."),
    Column("trials", "trials", "count", "Number of the arm's trials that had ended by then."),
    Column("epochs", "epochs spent", "count", "Epochs of these trials."),
    Column("best", "best so far", "number", "Best validation objective of these trials."),
    Column("objective", "objective", help="What the objective is."),
)


def curves(sweeps: Sequence[Sweep]) -> View | None:
    """Return the best objective so far after each trial of the shared arms; None without trials.

    Args:
        sweeps: The sweeps.
    """
    rows = [row for sweep in sweeps for arm in SHARED for row in _rows(sweep, arm)]
    if not rows:
        return None
    last = {(row["sweep"], row["arm"]): row for row in rows}
    told = [
        f"{sweep} {arm} {row['best']:.4f} after {row['epochs']:,} epochs"
        for (sweep, arm), row in last.items()
    ]
    objectives = dict.fromkeys(row["objective"] for row in rows)
    note = "Trials in the order in which they ended. The best of many is high by luck, too."
    if len(objectives) > 1:
        note += f" The objectives are not the same ({', '.join(objectives)}): compare the shapes."
    return View(
        "curves",
        "Best so far against epochs spent",
        f"In the end: {'; '.join(told)}.",
        _COLUMNS,
        rows,
        note=note,
    )


def _rows(sweep: Sweep, arm: str) -> Iterator[dict[str, Any]]:
    record = sweep.evidence.record
    ended = sorted((t for t in record.arm(arm) if t.is_result), key=lambda trial: trial.ended)
    name = "function" if record.custom_objective else sweep.evidence.config.search.objective
    best, epochs = float("-inf"), 0
    for number, trial in enumerate(ended, 1):
        epochs += trial.last_epoch
        best = max(best, trial.best_objective)
        yield {
            "sweep": sweep.label,
            "arm": str(arm),
            "trials": number,
            "epochs": epochs,
            "best": best,
            "objective": name,
        }
