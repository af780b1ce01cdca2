"""A sweep's report before it has a form: what HTML, Markdown and JSON show."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.view import View


@dataclass(frozen=True)
class Document:
    """What a report shows.

    Attributes:
        evidence: Record, config and verdict of the sweep.
        views: All views, in the order of the report; those that need Optuna among them.
        folder: The sweep's folder.
        picture: The picture of the recommended network as SVG; empty where there is none.
    """

    evidence: Evidence
    views: Sequence[View]
    folder: Path
    picture: str = ""

    def view(self, name: str) -> View | None:
        """Return the view of this name; None where the sweep has nothing to show for it."""
        return next((view for view in self.views if view.name == name), None)
