"""What a health check reads, and what it answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mtl_search.analysis.finalists import finalists_of
from mtl_search.analysis.references import Tasks
from mtl_search.analysis.verdict import Verdict
from mtl_search.config import Config
from mtl_search.storage.arm_name import SHARED, ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord

_MOST_FINDINGS = 4  # in one text; the JSON report has the numbers behind the others


@dataclass(frozen=True)
class Check:
    """The answer of one health check.

    Attributes:
        name: What was checked.
        ok: Whether all is well; None where it could not be told.
        text: What was seen, and for a warning what to do about it.
    """

    name: str
    ok: bool | None
    text: str


@dataclass(frozen=True)
class Evidence:
    """What the checks of one sweep look at.

    Attributes:
        record: The sweep's record.
        config: Its config.
        verdict: Its verdict.
        tasks: Main tasks with their metrics.
    """

    record: SweepRecord
    config: Config
    verdict: Verdict
    tasks: Tasks

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


def sentence(findings: Iterable[str], advice: str) -> str:
    """Return the text of a warning: what was seen, then what to do.

    Examples:
        >>> sentence(["a is high", "b is high"], "lower both")
        'a is high; b is high: lower both'
    """
    seen = list(findings)
    hidden = len(seen) - _MOST_FINDINGS
    if hidden > 0:
        seen = [*seen[:_MOST_FINDINGS], f"and {hidden} more"]
    return f"{'; '.join(seen)}: {advice}"
