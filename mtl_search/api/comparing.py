"""Several sweeps side by side: what differs, and which network is better."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mtl_search.api.reporting import write_by_ending
from mtl_search.api.result import Result
from mtl_search.errors import ConfigError

if TYPE_CHECKING:  # these load pandas
    import pandas as pd

    from mtl_search.analysis.sweeps import Caution
    from mtl_search.analysis.views.view import View
    from mtl_search.report.sweeps.document import SweepsDocument


class SweepComparison:
    """Several sweeps side by side.

    Args:
        results: The sweeps; the others are compared with the first.

    Attributes:
        results: The sweeps.

    Raises:
        ConfigError: There are fewer than two sweeps.

    Examples:
        >>> import mtl_search
        >>> folder = "tests/fixtures/sweeps/"
        >>> sweeps = [folder + "v0_1_finished", folder + "v0_1_interrupted"]
        >>> comparison = mtl_search.compare(sweeps)
        >>> comparison.frame("costs")[["sweep", "trials"]].values.tolist()
        [['v0_1_finished', 23], ['v0_1_interrupted', 11]]
        >>> [caution.name for caution in comparison.cautions]
        ['digest of the data', 'unfinished', 'no finalists']
    """

    def __init__(self, results: Sequence[Result]) -> None:
        if len(results) < 2:
            message = "a comparison needs at least two sweeps"
            raise ConfigError(message, path="sweeps", value=[str(r.directory) for r in results])
        self.results = tuple(results)

    @cached_property
    def document(self) -> SweepsDocument:
        """What the comparison shows, before it has a form."""
        from mtl_search.analysis.sweeps import Sweep, labels_of
        from mtl_search.report.sweeps.document import SweepsDocument

        labels = labels_of([result.directory for result in self.results])
        return SweepsDocument.of(
            [
                Sweep(label, result.evidence, result.directory)
                for label, result in zip(labels, self.results, strict=True)
            ]
        )

    @property
    def cautions(self) -> Sequence[Caution]:
        """Why numbers of the sweeps do not mean the same, and what must not be concluded."""
        return self.document.cautions

    @property
    def frames(self) -> dict[str, pd.DataFrame]:
        """Name → table: `networks`, `verdicts`, `settings`, `by_task`, `leaderboards`, ..."""
        return {view.name: view.frame() for view in self.document.views}

    def frame(self, name: str) -> pd.DataFrame:
        """Return one of the tables.

        Args:
            name: Its name, as in `frames`.

        Raises:
            ConfigError: There is no such table.
        """
        return self._view(name).frame()

    def plot(self, name: str) -> Any:
        """Return the plot of one of the tables, a figure of plotly.

        Args:
            name: `by_task` or `curves`.

        Raises:
            ConfigError: There is no such plot.
        """
        from mtl_search.report.sweeps.figures import SWEEP_FIGURES

        if name not in SWEEP_FIGURES:
            message = "there is no plot of this name"
            raise ConfigError(message, path="plot", value=name, allowed=tuple(SWEEP_FIGURES))
        return SWEEP_FIGURES[name](self._view(name))

    def sentence(self) -> str:
        """Say how the recommended networks compare."""
        view = self.document.view("networks")
        assert view is not None
        return view.summary

    def text(self, form: str) -> str:
        """Return the comparison as a text.

        Args:
            form: `html`, `markdown` or `json`.
        """
        return _FORMS[form](self.document)

    def report(self, path: str | Path) -> None:
        """Write the comparison to a file.

        Args:
            path: The file, a `.html`, `.md` or `.json`.

        Raises:
            ConfigError: The file has another ending, or it cannot be written.
        """
        write_by_ending(path, self.text)

    def _view(self, name: str) -> View:
        view = self.document.view(name)
        if view is None:
            names = [view.name for view in self.document.views]
            message = "there is no table of this name"
            raise ConfigError(message, path="frame", value=name, allowed=names)
        return view

    def _repr_html_(self) -> str:
        """Return what a notebook shows: the answer, what stands against it, verdicts, settings."""
        from mtl_search.report.notebook import comparison_html

        return comparison_html(self.document)

    def __repr__(self) -> str:
        labels = ", ".join(sweep.label for sweep in self.document.sweeps)
        return f"{type(self).__name__}({labels})"


def compare(sweeps: Sequence[str | Path | Result]) -> SweepComparison:
    """Compare sweeps, finished or not: verdicts, settings, leaderboards, curves, cost.

    Recommended networks are compared with that of the first sweep where the data allow it; what
    must not be concluded is said in `cautions`.

    Args:
        sweeps: At least two sweeps, as folders or results.

    Raises:
        ConfigError: There are fewer than two sweeps.
        SweepError: A folder holds no sweep.

    Examples:
        >>> import mtl_search
        >>> folder = "tests/fixtures/sweeps/"
        >>> comparison = mtl_search.compare([folder + "v0_1_finished", folder + "v0_1_population"])
        >>> list(comparison.frames)
        ['networks', 'verdicts', 'settings', 'by_task', 'leaderboards', 'curves', 'costs']
    """
    return SweepComparison([s if isinstance(s, Result) else Result(s) for s in sweeps])


def _html(document: SweepsDocument) -> str:
    from mtl_search.report.sweeps.html import sweeps_to_html

    return sweeps_to_html(document)


def _markdown(document: SweepsDocument) -> str:
    from mtl_search.report.sweeps.markdown import sweeps_to_markdown

    return sweeps_to_markdown(document)


def _json(document: SweepsDocument) -> str:
    from mtl_search.report.sweeps.export import sweeps_to_json

    return json.dumps(sweeps_to_json(document), indent=1, ensure_ascii=False) + "\n"


_FORMS: Mapping[str, Callable[[SweepsDocument], str]] = {
    "html": _html,
    "markdown": _markdown,
    "json": _json,
}
