"""The comparison of several sweeps before it has a form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mtl_search.analysis.sweeps import Caution, Sweep, cautions_of, sweep_views
from mtl_search.analysis.views.view import View


@dataclass(frozen=True)
class SweepsDocument:
    """What a comparison shows.

    Attributes:
        sweeps: The sweeps; the others are compared with the first.
        cautions: Why they are not comparable, and what must not be concluded.
        views: Its tables.
    """

    sweeps: Sequence[Sweep]
    cautions: Sequence[Caution]
    views: Sequence[View]

    @classmethod
    def of(cls, sweeps: Sequence[Sweep]) -> SweepsDocument:
        """Compare sweeps.

        Args:
            sweeps: At least two sweeps.
        """
        return cls(sweeps, cautions_of(sweeps), sweep_views(sweeps))

    @property
    def title(self) -> str:
        """The labels of the sweeps."""
        *others, last = (sweep.label for sweep in self.sweeps)
        return f"{', '.join(others)} and {last}"

    def view(self, name: str) -> View | None:
        """Return the view of this name; None where no sweep has anything to show for it."""
        return next((view for view in self.views if view.name == name), None)
