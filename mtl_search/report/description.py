"""The answer of a sweep as Markdown, short enough for a description in MLflow."""

from __future__ import annotations

from collections.abc import Sequence

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.health import Check
from mtl_search.report.finalists_table import finalists_columns
from mtl_search.report.leaderboard_table import best_columns
from mtl_search.report.tables import Column

# What fits on a page beside other things.
_MOST_COLUMNS = 7
_MOST_WARNINGS = 4


def description(evidence: Evidence, checks: Sequence[Check]) -> str:
    """Return warnings, finalists and the top of the leaderboard as Markdown.

    The cells are those of the tables on the terminal.

    Args:
        evidence: The sweep's record, config and verdict.
        checks: The answers of the health checks.
    """
    parts = [_warnings(checks)]
    finalists = finalists_columns(evidence)
    if finalists:
        parts.append(_table("Finalists on the test split", finalists))
    best = best_columns(evidence)
    if best:
        parts.append(_table("Best trials on the validation split", best))
    return "\n\n".join(part for part in parts if part)


def _warnings(checks: Sequence[Check]) -> str:
    warnings = [check for check in checks if check.ok is False]
    lines = [f"- Warning, {check.name}: {check.text}." for check in warnings[:_MOST_WARNINGS]]
    if len(warnings) > _MOST_WARNINGS:
        lines.append(f"- {len(warnings) - _MOST_WARNINGS} more warnings are in the report.")
    return "\n".join(lines)


def _table(title: str, columns: Sequence[Column]) -> str:
    """Return the most important columns that have any text, in their own order."""
    filled = [column for column in columns if any(str(cell) for cell in column.cells)]
    ranked = sorted(filled, key=lambda column: -(column.importance or 100))
    shown = [column for column in filled if column in ranked[:_MOST_COLUMNS]]
    rows = zip(*(column.cells for column in shown), strict=True)
    lines = [
        [column.header.replace("\n", " ") for column in shown],
        ["---:" if column.right else ":---" for column in shown],
        *([_cell(str(cell)) for cell in row] for row in rows),
    ]
    return "\n".join([f"**{title}**", "", *(f"| {' | '.join(line)} |" for line in lines)])


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
