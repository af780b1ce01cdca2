"""What each auxiliary task was worth to the main tasks."""

from __future__ import annotations

from typing import Any

from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.measure import unit_of
from mtl_search.analysis.views.view import Column, View

_NOTE = (
    "The best shared network against the same network trained without the task, on the test split "
    "of the main tasks; p-values are adjusted for the number of claims by Holm's method."
)


def auxiliary(evidence: Evidence) -> View | None:
    """Return a row for each auxiliary task that was left out once; None where none was."""
    verdict = evidence.verdict
    unit = unit_of(verdict.measure)
    rows: list[dict[str, Any]] = []
    for task, comparison in verdict.auxiliary.items():
        claim = verdict.claims.get(f"auxiliary {task}")
        low, high = comparison.interval or (None, None)
        rows.append(
            {
                "task": task,
                "gain": comparison.gain.mean,
                "low": low,
                "high": high,
                "improvement": comparison.improvement,
                "p_value": claim.p_value if claim else None,
                "holds": claim.holds if claim else None,
            }
        )
    if not rows:
        return None
    rows.sort(key=lambda row: -row["gain"])
    columns = [
        Column("task", "auxiliary task", help="The task that was left out."),
        Column("gain", f"worth ({unit})", "points", f"What the main tasks gain by it, in {unit}."),
        Column("low", "from", "points", "Lower end of the interval."),
        Column("high", "to", "points", "Upper end of the interval."),
        Column("improvement", "P(better)", "number", "Probability that a run with it is better."),
        Column("p_value", "p", "number", "p-value, adjusted by Holm's method."),
        Column("holds", "claimed", "flag", "Whether the difference is claimed."),
    ]
    told = ", ".join(f"{row['task']} {formats.percent(row['gain'])} {unit}" for row in rows[:5])
    claimed = sum(bool(row["holds"]) for row in rows)
    more = f" and {len(rows) - 5} more" if len(rows) > 5 else ""
    summary = (
        f"What the main tasks gain by auxiliary tasks: {told}{more}. "
        f"{claimed or 'None'} of these differences {'is' if claimed < 2 else 'are'} claimed."
    )
    title = "What auxiliary tasks are worth"
    return View("auxiliary", title, summary, columns, rows, _NOTE, {"unit": unit})
