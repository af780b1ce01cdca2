"""What is known of one sweep: its record, its config, its verdict."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from mtl_search.analysis.finalists import finalists_of
from mtl_search.analysis.judge import judge
from mtl_search.analysis.leaderboard import leaderboard_rows
from mtl_search.analysis.references import Tasks, main_metrics
from mtl_search.analysis.verdict import Verdict
from mtl_search.config import Config
from mtl_search.storage.arm_name import SHARED, ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord


@dataclass(frozen=True)
class Evidence:
    """What health checks and views of one sweep look at.

    Attributes:
        record: The sweep's record.
        config: Its config.
        verdict: Its verdict.
        tasks: Main tasks with their metrics.
        folder: The sweep's folder, with the scores of labels; None: they are not shown.

    Examples:
        >>> from mtl_search.storage.journal import read_record
        >>> from mtl_search.config import load_config
        >>> folder = Path("tests/fixtures/sweeps/v0_1_finished")
        >>> record = read_record(folder / "journal.jsonl")
        >>> evidence = Evidence.of(record, load_config(folder / "config.yaml"), folder)
        >>> [str(arm) for arm in evidence.arms]
        ['single/left', 'single/right', 'equal', 'search']
    """

    record: SweepRecord
    config: Config
    verdict: Verdict
    tasks: Tasks
    folder: Path | None = None

    @classmethod
    def of(cls, record: SweepRecord, config: Config, folder: Path | None = None) -> Evidence:
        """Judge a sweep, finished or not.

        Args:
            record: The sweep's record.
            config: Its config.
            folder: The sweep's folder, with the values of test items; None: seeds alone count.
        """
        verdict = judge(record, config, folder)
        return cls(record, config, verdict, main_metrics(record, config), folder)

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of the leaderboard, one a trial."""
        return leaderboard_rows(self.record, self.config)

    @property
    def arms(self) -> list[ArmName]:
        """The arms that search: one a main task, `equal` and `search`."""
        names = [*(ArmName.single(task) for task in self.tasks), *SHARED]
        return [arm for arm in names if self.record.arm(arm) or self.record.arm(arm.final)]

    def winners(self) -> Iterator[TrialRecord]:
        """Yield the trial whose configuration speaks for each arm.

        It is that of the finalists, or where an arm has none, the best trial.
        """
        for arm in self.arms:
            selected = self.verdict.winners.get(arm)
            results = [
                trial
                for trial in self.record.arm(arm)
                if trial.is_result and (selected is None or trial.id == selected.origin)
            ]
            if results:
                yield max(results, key=lambda trial: trial.best_objective)

    def finalists(self, arm: ArmName) -> list[TrialRecord]:
        """Return the finalists of the configuration that speaks for an arm, by seed."""
        selected = self.verdict.winners.get(arm)
        if selected is None:
            return []
        by_seed = finalists_of(self.record, arm, selected.origin)
        return [by_seed[index] for index in sorted(by_seed)]
