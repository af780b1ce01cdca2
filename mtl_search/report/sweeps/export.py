"""The comparison of several sweeps as plain JSON types."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from mtl_search.report.export import plain, view_tree
from mtl_search.report.sweeps.document import SweepsDocument

# Raised when a key is renamed, removed or changes its meaning; new keys do not raise it.
FORMAT = 1


def sweeps_to_json(document: SweepsDocument) -> dict[str, Any]:
    """Return the whole comparison.

    Keys:
        format: The version of this layout.
        sweeps: `label, id, name, started, complete, outcome, sentence` of each sweep.
        cautions: `name, seen, so`: what differs, and what must not be concluded.
        views: The tables, as in the report of one sweep: `name, title, summary, note, columns,
            rows, about`.

    Args:
        document: The comparison.
    """
    sweeps = []
    for sweep in document.sweeps:
        record, verdict = sweep.evidence.record, sweep.evidence.verdict
        sweeps.append(
            {
                "label": sweep.label,
                "id": record.id,
                "name": record.name or sweep.evidence.config.name,
                "started": record.started,
                "complete": record.complete,
                "outcome": verdict.outcome,
                "sentence": verdict.sentence(),
            }
        )
    tree: dict[str, Any] = plain(
        {
            "format": FORMAT,
            "sweeps": sweeps,
            "cautions": [asdict(caution) for caution in document.cautions],
            "views": [view_tree(view) for view in document.views],
        }
    )
    return tree
