"""Does sharing help? The answer of a finished sweep, from its finalists and from nothing else.

Finalists are trained on fresh seeds. The shared network that did best on their validation is
compared on the test split with

- the tuned single-task networks, which have each their own learning rate, and
- its twin: the same network with nothing shared and all else equal.

Sharing helps where it wins both comparisons, and hurts where it loses both. Against the tuned
networks alone a lucky learning rate would be told as a gain of sharing, and against the twin alone
a learning rate that suits separate networks badly. The interval is over seeds and test items; it
says nothing of other splits or data sets.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mtl_search.analysis.claims import claims_of
from mtl_search.analysis.compared_networks import ComparedNetworks
from mtl_search.analysis.comparison import Comparison, Runs, compare
from mtl_search.analysis.finalists import SharedNetwork, better_separate
from mtl_search.analysis.measure import Measure, delta_m_measure, mean_metrics, skill_measure
from mtl_search.analysis.references import main_metrics, without_excluded
from mtl_search.analysis.split_comparison import split_comparisons
from mtl_search.analysis.statistics.answers import (
    Needed,
    could_decide,
    decide,
    position,
)
from mtl_search.analysis.statistics.sequential import nominal_level
from mtl_search.analysis.verdict import Outcome, Verdict, WeightsOutcome
from mtl_search.analysis.verdict_notes import notes_of
from mtl_search.config import Config
from mtl_search.storage.arm_name import (
    EQUAL,
    SEARCH,
    SHARED,
    TWIN_SEPARATE,
    TWIN_WEIGHTS,
    ArmName,
)
from mtl_search.storage.records import SweepRecord

_SHARING: dict[str, Outcome] = {"helps": "sharing helps", "hurts": "sharing hurts"}
_WEIGHTS: dict[str, WeightsOutcome] = {"helps": "weights help", "hurts": "weights hurt"}

LEVEL = 0.95


def judge(record: SweepRecord, config: Config, directory: Path | None = None) -> Verdict:
    """Return the verdict of a sweep under its config.

    Args:
        record: The sweep's record; the sweep need not have finished.
        config: Its config.
        directory: The sweep's folder, with the scores of test items; None: seeds alone count.
    """
    if not any(trial.is_finalist for trial in record):
        note = "No finalist has been trained on fresh seeds, so nothing is claimed"
        return Verdict(notes=(note,))
    return _Judgement(record, config, directory).verdict()


def could_more_seeds_decide(verdict: Verdict, seeds: int) -> bool:
    """Return whether a verdict is open, and this many seeds could decide it.

    Args:
        verdict: The verdict.
        seeds: Number of seeds of every network that is compared.
    """
    if verdict.outcome != "don't know" or verdict.shares_nothing:
        return False
    undecided = [
        c
        for c in (verdict.sharing, verdict.twin)
        if c is not None and position(c.gain, verdict.margin, c.level) == "open"
    ]
    # Comparisons that contradict each other are decided, and more seeds leave them so.
    return bool(undecided) and all(
        could_decide(c.gain, verdict.margin, c.level, seeds) for c in undecided
    )


class _Judgement:
    """Work out one verdict.

    Args:
        record: The sweep's record.
        config: Its config.
        directory: The sweep's folder, or None.
    """

    def __init__(self, record: SweepRecord, config: Config, directory: Path | None) -> None:
        self._record = record
        self._config = config
        self._all_tasks = main_metrics(record, config)
        self._tasks = without_excluded(self._all_tasks, record)
        self._margin = config.search.finalists.margin
        self._networks = ComparedNetworks(record, self._tasks, directory)
        self._measure = self._choose_measure()
        looks = sorted({*config.search.finalists.looks, *record.looks})
        # Sweeps of version 0.1 looked once.
        self._level = nominal_level(LEVEL, looks) if record.scales else LEVEL

    def verdict(self) -> Verdict:
        """Return the verdict."""
        networks, best = self._networks, self._networks.best
        best_arm = best.arm if best else None
        sharing = self._compare_with_singles(best_arm)
        twin = self._compare(best_arm, TWIN_SEPARATE)
        weights = self._weights(best)
        auxiliary = self._auxiliary(best_arm)
        judged = networks.winners.get(best_arm) if best_arm else None
        outcome = self._outcome(sharing, twin, best)
        reference = mean_metrics(run.test for run in networks.single_runs.values())
        notes = notes_of(
            self._record,
            self._measure,
            self._all_tasks,
            networks.missing(),
            compared=[c for c in (sharing, twin, weights) if c is not None],
            reference=reference,
        )
        unfinished = self._unfinished(best, twin) if sharing is not None else ""
        shares = best is not None and not best.shares_nothing
        return Verdict(
            outcome=outcome,
            weights_outcome=self._weights_outcome(weights),
            measure=self._measure.name if self._measure else "skill",
            margin=self._margin,
            recommended=judged,
            separate=self._separate(best),
            sharing=sharing,
            twin=twin,
            equal=self._compare_with_singles(EQUAL),
            search=self._compare_with_singles(SEARCH),
            weights=weights,
            auxiliary=auxiliary,
            splits=split_comparisons(self._record, self._measure, best, networks.origins),
            claims=claims_of(sharing, twin, auxiliary, self._level, shares=shares),
            needed=self._needed(outcome, best, [sharing, twin]),
            winners=networks.winners,
            final_reference=reference,
            parameters=judged.parameters if judged else None,
            single_parameters=networks.single_parameters(),
            notes=(*([unfinished] if unfinished else []), *notes),
        )

    def _choose_measure(self) -> Measure | None:
        """Return the measure that the config asks for; Δm where a sweep has no scales of skill."""
        # A task whose first metric is excluded does not count by its second.
        skill = skill_measure(self._record, self._config, self._all_tasks)
        if skill is not None and self._config.search.objective != "delta_m":
            return skill
        reference = mean_metrics(run.test for run in self._networks.single_runs.values())
        if not reference:
            # Without single-task networks the equal arm itself is the reference.
            runs = self._networks.runs.get(EQUAL) or self._networks.runs.get(SEARCH) or {}
            reference = mean_metrics(run.test for run in runs.values())
        if not reference:
            return skill
        importance = {task: self._config.tasks[task].importance for task in self._tasks}
        return delta_m_measure(
            self._tasks,
            reference,
            importance,
            metric_scales=self._record.scales,
            directions=self._record.directions,
        )

    def _compare_with_singles(self, arm: ArmName | None) -> Comparison | None:
        return self._compare_runs(arm, "single", self._networks.single_runs)

    def _compare(self, arm: ArmName | None, other: ArmName) -> Comparison | None:
        return self._compare_runs(arm, other, self._networks.runs.get(other, {}))

    def _compare_runs(self, arm: ArmName | None, against: str, theirs: Runs) -> Comparison | None:
        if arm is None or self._measure is None:
            return None
        return compare(
            arm,
            against,
            self._networks.runs.get(arm, {}),
            theirs,
            measure=self._measure,
            tasks=self._tasks,
            level=self._level,
        )

    def _weights(self, best: SharedNetwork | None) -> Comparison | None:
        """Compare the best network with its twin of equal weights.

        An older sweep has no twins; its search arm is compared with its equal arm.
        """
        if best is None or best.shares_nothing:
            return None
        if self._record.scales:
            return self._compare(best.arm, TWIN_WEIGHTS)
        return self._compare(SEARCH, EQUAL)

    def _auxiliary(self, best: ArmName | None) -> dict[str, Comparison]:
        comparisons = {}
        for name, winner in self._networks.winners.items():
            arm = ArmName(name)
            if not arm.is_ablation or arm.task is None:
                continue
            with_task = next((a for a in SHARED if self._networks.has(a, winner.origin)), best)
            comparison = self._compare(with_task, arm)
            if comparison is not None:
                comparisons[arm.task] = comparison
        return comparisons

    # ------------------------------------------------------------ what follows from it

    def _outcome(
        self, sharing: Comparison | None, twin: Comparison | None, best: SharedNetwork | None
    ) -> Outcome:
        if sharing is None or sharing.interval is None or self._unfinished(best, twin):
            return "not tested"
        compared = [sharing] if twin is None else [sharing, twin]
        answer = decide([c.gain for c in compared], self._margin, self._level)
        if best is not None and best.shares_nothing and answer in _SHARING:
            # Separate networks all the same: what differs is their settings, or luck.
            return "don't know"
        return _SHARING.get(answer, answer)  # type: ignore[arg-type]

    def _unfinished(self, best: SharedNetwork | None, twin: Comparison | None) -> str:
        """Say what the verdict still needs; empty where nothing is missing.

        With fewer seeds than planned it would be one look more, and without the twin a lucky
        learning rate would be told as a gain of sharing. Version 0.1 had no twins.
        """
        if best is None or not self._record.scales:
            return ""
        stop = self._record.stop  # a time budget may have had room for fewer
        planned = self._config.search.finalists.seeds
        seeds = planned if stop is None or stop.seeds is None else stop.seeds
        begun = sum(t.origin == best.origin for t in self._record.arm(best.arm.final))
        if begun < seeds:
            return f"The best shared network has {begun} of {seeds} seeds so far"
        if best.shares_nothing or (twin is not None and twin.interval is not None):
            return ""
        failed = [t for t in self._record.arm(TWIN_SEPARATE.final) if t.origin == best.origin]
        reasons = {t.reason.splitlines()[0] for t in failed if t.state == "FAIL" and t.reason}
        if reasons:
            return f"Its twin that shares nothing has failed: {'; '.join(sorted(reasons))}"
        return "Its twin that shares nothing has not been trained on two seeds yet"

    def _needed(
        self, outcome: Outcome, best: SharedNetwork | None, compared: Sequence[Comparison | None]
    ) -> Needed | None:
        """Return what would decide all comparisons that are open; None where none is."""
        if outcome != "don't know" or best is None or best.shares_nothing:
            return None
        numbers = [
            comparison.needed(self._margin)
            for comparison in compared
            if comparison is not None
            and position(comparison.gain, self._margin, self._level) == "open"
        ]
        if not numbers:
            return None
        return Needed(
            _largest([number.seeds for number in numbers]),
            _largest([number.items for number in numbers]),
        )

    def _weights_outcome(self, weights: Comparison | None) -> WeightsOutcome:
        if weights is None or weights.interval is None:
            return "not tested"
        answer = decide([weights.gain], self._margin, self._level)
        return _WEIGHTS.get(answer, answer)  # type: ignore[arg-type]

    def _separate(self, best: SharedNetwork | None) -> ArmName | None:
        """Return which separate networks are recommended; objectives but skill cannot say."""
        by_skill = self._config.search.objective == "skill" and not self._record.custom_objective
        if best is None or self._measure is None or not by_skill:
            return None
        singles = {}
        for task in self._measure.tasks:
            winner = self._networks.winners.get(ArmName.single(task))
            if winner is not None:
                singles[task] = winner.origin
        twin = best.origin if TWIN_SEPARATE in self._networks.winners else None
        return better_separate(self._record, singles, twin, self._measure.weights)


def _largest(numbers: Sequence[int | None]) -> int | None:
    """Return the largest number; None where one of them is not known."""
    known = [number for number in numbers if number is not None]
    return max(known) if len(known) == len(numbers) else None
