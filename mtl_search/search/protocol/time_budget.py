"""When no new trial begins any more: the time budget is spent, or a callback asks for an end.

The search has half of `search.time_budget`: its phases each have the part of this half that their
trials are of all, and offered settings come last. The rest is for finalists, without which there is
no verdict: as many configurations and seeds of each arm as fit, by the time that trials have taken
so far, and two seeds of one at least. Nothing begins after the end of the budget; a trial that runs
then is finished, since half a trial says nothing.

Time counts while a session runs, so that a resumed sweep goes on with what is left.
"""

from __future__ import annotations

import time
from collections.abc import Sequence

from mtl_search.config.sections.duration import duration_text
from mtl_search.search.arms import RACE_SEEDS
from mtl_search.search.context import SweepContext
from mtl_search.storage.events import SearchStopped

# Part of the time budget that the search has, before its best are trained again.
SEARCH_SHARE = 0.5
_FEWEST_SEEDS = 2


class TimeBudget:
    """Say whether trials may begin, and write down why where they may not.

    Args:
        context: The objects that the parts of a session share.
        phases: Names of the arms that search side by side, phase by phase.
    """

    def __init__(self, context: SweepContext, phases: Sequence[Sequence[str]]) -> None:
        self._context = context
        self._phases = phases
        self._budget = context.config.search.time_budget
        self._share = SEARCH_SHARE if context.config.search.finalists.top else 1.0

    @property
    def search_is_over(self) -> bool:
        """Whether the search begins no trial any more."""
        stop = self._context.record.stop
        return stop is not None or self._is_asked() or self._passed(self._share)

    @property
    def sweep_is_over(self) -> bool:
        """Whether nothing begins any more; the reason is in the journal then."""
        record = self._context.record
        asked = record.stop_asked
        if record.stop is not None and record.stop.scope == "sweep":
            return True
        if asked is not None and not asked[1]:
            self._write("sweep", asked[0])
            return True
        if self._passed(1.0):
            self._write("sweep", f"search.time_budget is over ({self._text()})")
            return True
        return False

    def phase_is_over(self, number: int) -> bool:
        """Return whether the time of a phase is over, in which each arm has trained once at least.

        Args:
            number: Number of the phase.
        """
        if self.search_is_over:
            return True
        if self._budget is None:
            return False
        sizes = [sum(self._size(arm) for arm in phase) for phase in self._phases]
        part = sum(sizes[: number + 1]) / max(sum(sizes) + self._offers(), 1)
        if not self._passed(self._share * part):
            return False
        return all(self._has_trained(arm) for arm in self._phases[number])

    def end_search(self) -> None:
        """Decide on the finalists, and write it down where they are fewer than planned."""
        record = self._context.record
        if record.stop is not None:
            return
        finalists = self._context.config.search.finalists
        asked = record.stop_asked
        reason = asked[0] if asked is not None else ""
        top, seeds = finalists.top, finalists.seeds
        if self._budget is not None and finalists.top:
            left = self._budget - self._spent()
            top, seeds = self._fitting(left / max(self._seconds_a_trial(), 1e-9))
            if not reason and (
                self._passed(self._share) or (top, seeds) != (finalists.top, finalists.seeds)
            ):
                reason = f"search.time_budget ({self._text()}) has no time for more"
        if reason:
            is_less = (top, seeds) != (finalists.top, finalists.seeds)
            self._write("search", reason, *((top, seeds) if is_less else ()))

    def _fitting(self, trials: float) -> tuple[int, int]:
        """Return how many configurations an arm races, and seeds, so that this many suffice."""
        finalists = self._context.config.search.finalists
        arms = [
            arm for arm in self._context.arms.values() if arm.name.is_single or arm.name.is_shared
        ]
        others = sum(
            arm.name.is_twin or arm.name.is_ablation for arm in self._context.arms.values()
        )
        race = min(RACE_SEEDS, finalists.seeds) * (finalists.top - 1)
        if len(arms) * (finalists.seeds + race) + others * finalists.seeds <= trials:
            return finalists.top, finalists.seeds
        most = int(trials // max(len(arms) + others, 1))
        return 1, max(_FEWEST_SEEDS, min(finalists.seeds, most))

    def _seconds_a_trial(self) -> float:
        """Return the time from the end of a trial to the end of the next, so far."""
        return self._spent() / max(self._context.record.ended, 1)

    def _offers(self) -> int:
        singles = sum(arm.name.is_single for arm in self._context.arms.values())
        shared = sum(arm.name.is_shared for arm in self._context.arms.values())
        return shared * (singles + min(singles, 4)) if singles else 0

    def _has_trained(self, arm: str) -> bool:
        # A trial that waits for a pack has begun, and may never train once the time is over.
        return any(trial.epochs or trial.finished for trial in self._context.record.arm(arm))

    def _size(self, arm: str) -> int:
        return self._context.arms[arm].budget

    def _is_asked(self) -> bool:
        return self._context.record.stop_asked is not None

    def _passed(self, share: float) -> bool:
        return self._budget is not None and self._spent() >= share * self._budget

    def _spent(self) -> float:
        return self._context.record.time_spent(time.time())

    def _text(self) -> str:
        return duration_text(self._budget or 0.0)

    def _write(
        self, scope: str, reason: str, top: int | None = None, seeds: int | None = None
    ) -> None:
        stop = self._context.record.stop
        if stop is not None and top is None:
            top, seeds = stop.top, stop.seeds
        event = SearchStopped(scope=scope, reason=reason, top=top, seeds=seeds)
        self._context.journal.write(event)
