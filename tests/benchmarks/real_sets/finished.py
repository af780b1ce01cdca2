"""A case whose sweep has ended, and what its tables are made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from mtl_search.analysis.by_task import TaskRow, task_rows
from mtl_search.analysis.compared_networks import ComparedNetworks
from mtl_search.analysis.comparison import Comparison, Runs
from mtl_search.analysis.finalists import SelectedFinalist, shares_nothing
from mtl_search.analysis.judge import judge
from mtl_search.analysis.measure import Measure, delta_m_measure, skill_measure
from mtl_search.analysis.references import Tasks, main_metrics
from mtl_search.analysis.verdict import Verdict
from mtl_search.config import Config
from mtl_search.metrics.metric_key import metric_key
from mtl_search.storage.arm_name import SEARCH
from mtl_search.storage.records import SweepRecord
from tests.benchmarks.real_sets import old_budget
from tests.benchmarks.real_sets.cases import Case
from tests.benchmarks.real_sets.old_rule import OldAnswer, old_answer, variance_shares

# Networks and models of scikit-learn, in the order of the table.
COLUMNS = ("shared", "separate", "twin", "linear", "gradient_boosting")


@dataclass(frozen=True)
class Finished:
    """Hold a case with its sweep.

    Attributes:
        case: The case.
        config: Its config.
        record: The record of its trials.
        directory: The sweep's folder.
    """

    case: Case
    config: Config
    record: SweepRecord
    directory: Path

    @cached_property
    def verdict(self) -> Verdict:
        """What the product says."""
        return judge(self.record, self.config, self.directory)

    @cached_property
    def tasks(self) -> Tasks:
        """The tasks with their metrics."""
        return main_metrics(self.record, self.config)

    @cached_property
    def skill(self) -> Measure:
        """The mean skill."""
        measure = skill_measure(self.record, self.config, self.tasks)
        assert measure is not None
        return measure

    @cached_property
    def delta_m(self) -> Measure:
        """Δm against the separate networks, all tasks alike."""
        reference = self.verdict.final_reference
        return delta_m_measure(self.tasks, reference, dict.fromkeys(self.tasks, 1.0))

    @property
    def sharing(self) -> Comparison:
        """The recommended network against the separate ones."""
        assert self.verdict.sharing is not None
        return self.verdict.sharing

    @cached_property
    def networks(self) -> ComparedNetworks:
        """The networks that are compared, with their runs."""
        return ComparedNetworks(self.record, self.tasks, self.directory)

    @property
    def recommended(self) -> SelectedFinalist:
        """The recommended network."""
        assert self.verdict.recommended is not None
        return self.verdict.recommended

    @property
    def ours(self) -> Runs:
        """The runs of the recommended network."""
        return self.networks.runs[self.recommended.arm]

    @property
    def separate(self) -> Runs:
        """A run of the separate networks together for each seed index that all have."""
        return self.networks.single_runs

    @cached_property
    def rows(self) -> list[TaskRow]:
        """What the product's report says of each task."""
        return task_rows(self.record, self.tasks, self.verdict)

    def mean_skill(self, column: str) -> float | None:
        """Return the mean skill of a column of the task table; None where a task is not known."""
        metrics = {}
        for row in self.rows:
            value = value_of(row, column)
            if value is None:
                return None
            metrics[metric_key("test", row.task, row.metric)] = value
        return self.skill.value(metrics)

    def shares(self, measure: Measure) -> dict[str, float]:
        """Return the share of each task in the variance of the mean gain."""
        return variance_shares(list(self.ours.values()), list(self.separate.values()), measure)

    def old_answer(self) -> OldAnswer:
        """Return what the old rule says of the search arm's finalists here."""
        winner = self.verdict.winners[SEARCH]
        runs = self.networks.runs[SEARCH]
        return old_answer(runs, self.separate, self.tasks, shares_nothing=winner.shares_nothing)

    def old_answer_at_old_budget(self) -> OldAnswer | None:
        """Return what it says of its own finalists; None where they have not been trained."""
        if not (self.directory / old_budget.FILE).exists():
            return None
        trial = old_budget.old_finalists(self.record, self.config)[SEARCH]
        runs = old_budget.old_runs(self.directory, self.config)
        nothing = shares_nothing(trial.info.get("depth"))
        return old_answer(*runs, self.tasks, shares_nothing=nothing)


def value_of(row: TaskRow, column: str) -> float | None:
    """Return the test metric of a network or of a model of scikit-learn."""
    networks = {"shared": row.shared, "separate": row.single, "twin": row.twin}
    return networks[column] if column in networks else row.references.get(column)
