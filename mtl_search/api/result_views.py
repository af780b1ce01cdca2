"""Verdict, health, views, plots and studies of a sweep, as methods of its result."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from mtl_search.config import Config
from mtl_search.errors import ConfigError, RequestError, SweepError
from mtl_search.storage.records import SweepRecord

if TYPE_CHECKING:  # these load pandas and plotly, which a look at a journal does not need
    import pandas as pd

    from mtl_search.analysis.evidence import Evidence
    from mtl_search.analysis.health import Checks
    from mtl_search.analysis.verdict import Verdict
    from mtl_search.analysis.views.view import View
    from mtl_search.report.plots import Figure


class ResultViews:
    """What a sweep has shown: the part of `Result` that judges and draws.

    Attributes:
        directory: The folder of the sweep.
        config: The sweep's config.
        record: All that the sweep's journal says.
    """

    directory: Path
    config: Config
    record: SweepRecord

    @cached_property
    def verdict(self) -> Verdict:
        """Whether sharing helps, hurts, makes no difference or is not known, with its interval."""
        from mtl_search.analysis.judge import judge

        return judge(self.record, self.config, self.directory)

    @cached_property
    def health(self) -> Checks:
        """Signs that the sweep does not show what it could, each with what to do about it."""
        from mtl_search.analysis.health import health_checks

        return health_checks(self.evidence)

    @cached_property
    def evidence(self) -> Evidence:
        """Record, config and verdict together, which views are made from."""
        from mtl_search.analysis.evidence import Evidence
        from mtl_search.analysis.references import main_metrics

        tasks = main_metrics(self.record, self.config)
        return Evidence(self.record, self.config, self.verdict, tasks, self.directory)

    @cached_property
    def epochs(self) -> pd.DataFrame:
        """The learning curves: one row an epoch of a trial, with all of its metrics.

        Examples:
            >>> from mtl_search import Result
            >>> epochs = Result("tests/fixtures/sweeps/v0_1_finished").epochs
            >>> epochs.columns[:4].tolist()
            ['trial', 'arm', 'epoch', 'objective']
        """
        from mtl_search.analysis.tables.trials import epochs_table

        return epochs_table(self.record)

    def view(self, name: str) -> View | None:
        """Return one question about the sweep, answered by a sentence and a table.

        Args:
            name: Name of the view, such as `depth`; the guide "Plots" lists them all.

        Returns:
            The view, with `summary`, `rows`, `frame()` and `csv()`; None where the sweep has
            nothing to show for it, such as `rungs` where no trial was stopped early.

        Raises:
            ConfigError: There is no view of this name.

        Examples:
            >>> from mtl_search import Result
            >>> view = Result("tests/fixtures/sweeps/v0_1_finished").view("cost")
            >>> view.title
            'What the sweep has cost'
        """
        makers = _makers()
        if name not in makers:
            message = "there is no such view"
            raise ConfigError(message, path="name", value=name, allowed=sorted(makers))
        if name not in self._views:
            self._views[name] = makers[name](self.evidence)
        return self._views[name]

    def views(self) -> list[View]:
        """Return all views that the sweep has something to show for, in the order of the report.

        Examples:
            >>> from mtl_search import Result
            >>> views = Result("tests/fixtures/sweeps/v0_1_finished").views()
            >>> [view.name for view in views][:2]
            ['leaderboard', 'delta_m_by_task']
        """
        made = [self.view(name) for name in _makers()]
        return [view for view in made if view is not None]

    def plot(self, name: str) -> Figure:
        """Draw a view.

        Args:
            name: Name of the view, such as `sensitivity`; the guide "Plots" lists them all.

        Returns:
            A figure of plotly, which a notebook shows and `write_html` and `write_image` save.

        Raises:
            ConfigError: There is no view of this name.
            SweepError: The sweep has nothing to show for it, or the view is a table alone.

        Examples:
            >>> from mtl_search import Result
            >>> figure = Result("tests/fixtures/sweeps/v0_1_finished").plot("depth")
            >>> figure.layout.xaxis2.title.text
            'sharing depth'
        """
        view = self.view(name)
        from mtl_search.report.plots import FIGURES

        if name not in FIGURES:
            raise RequestError(
                f"the view {name!r} is a table and has no plot; read it by view({name!r}).frame()"
            )
        if view is None:
            raise SweepError(
                f"{self.directory} has nothing to show for {name!r} (yet); the guide on plots says "
                "what each view needs"
            )
        return FIGURES[name](view)

    def plot_pareto(self) -> Figure:
        """Draw the trade-offs between the tasks; see `plot`."""
        return self.plot("pareto")

    def plot_depth(self) -> Figure:
        """Draw the trials by their sharing depth; see `plot`."""
        return self.plot("depth")

    def plot_importance(self) -> Figure:
        """Draw how much each setting mattered; see `plot`."""
        return self.plot("importance")

    def plot_curves(self) -> Figure:
        """Draw learning curves with bands over fresh seeds; see `plot`."""
        return self.plot("curves")

    def leaderboard(self) -> pd.DataFrame:
        """Return the configurations that were trained on fresh seeds, the recommended one first.

        Then come those that speak for their arms, and those that lost the race of an arm. Before
        there are any, the best trial of each arm stands in; `trials` has all trials.

        Returns:
            One row a configuration with `arm, recommended, chosen, seeds`; `test_skill`,
            `test_delta_m`, `val_skill`, `val_delta_m` and `val_objective`, each the mean over
            seeds and with `_low` and `_high` for the least and the most; `gain, gain_low,
            gain_high` over the single-task networks in the measure of the verdict; `depth, weights,
            lr, parameters, origin`. Gains and Δm are fractions. Columns that nothing is known of
            are left out.

        Examples:
            >>> from mtl_search import Result
            >>> table = Result("tests/fixtures/sweeps/v0_1_finished").leaderboard()
            >>> table["arm"].tolist()
            ['search', 'without/same', 'equal', 'single']
        """
        return self._frame("leaderboard")

    def importance(self) -> pd.DataFrame:
        """Return how much each setting mattered to the objective.

        Returns:
            One row a setting and arm, with `setting, importance, arm`; empty where too few trials
            can tell.
        """
        return self._frame("importance")

    def pareto(self) -> pd.DataFrame:
        """Return what the trials that share gain in each task, on the validation split.

        Returns:
            One row a trial with `trial, arm, on_front, mean, worst, worst_task`, and
            `gain/<task>` for each main task, as fractions; those on the Pareto front first. Empty
            where there is a single task or no trial yet.

        Examples:
            >>> from mtl_search import Result
            >>> table = Result("tests/fixtures/sweeps/v0_1_finished").pareto()
            >>> table.columns[-2:].tolist(), int(table["on_front"].sum())
            (['gain/left', 'gain/right'], 4)
        """
        return self._frame("pareto")

    def export_optuna(self, path: str | Path, *, overwrite: bool = False) -> list[str]:
        """Write the studies of all arms into a file that Optuna and optuna-dashboard open.

        Args:
            path: The file: SQLite (`.db`, `.sqlite`, `.sqlite3`), or Optuna's journal (`.log`).
            overwrite: Whether a file that exists is replaced.

        Returns:
            The names of the studies, `<sweep>/<arm>`.

        Raises:
            ConfigError: The file exists, its folder does not, or its name has another ending.
            SweepError: No trial has begun yet, or the file cannot be written.
        """
        from mtl_search.search.studies.export import export_studies

        name = self.directory.resolve().name
        return export_studies(
            self.record, self.config, name, Path(path).expanduser(), overwrite=overwrite
        )

    def _repr_html_(self) -> str:
        """Return verdict, health and the top of the leaderboard for a notebook."""
        from mtl_search.report.notebook import result_html

        return result_html(self.evidence, self.health, str(self.directory))

    def _frame(self, name: str) -> pd.DataFrame:
        import pandas as pd

        view = self.view(name)
        return pd.DataFrame() if view is None else view.frame()

    @cached_property
    def _views(self) -> dict[str, View | None]:
        """Views that have been made so far."""
        return {}


def _makers() -> dict[str, Callable[[Evidence], View | None]]:
    """Return what makes each view; that of importance needs Optuna, which `analysis` has not."""
    from mtl_search.analysis.views import VIEWS

    return {**VIEWS, "importance": _importance}


def _importance(evidence: Evidence) -> View | None:
    from mtl_search.search.studies.importance import importance_view

    return importance_view(evidence.record, evidence.config)
