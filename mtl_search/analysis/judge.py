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

from collections.abc import Mapping
from pathlib import Path

from mtl_search.analysis.comparison import Comparison, Run, Runs, compare
from mtl_search.analysis.estimate import estimate
from mtl_search.analysis.finalists import (
    SharedNetwork,
    better_separate,
    finalists_of,
    missing_note,
    recommended,
    winner_of,
)
from mtl_search.analysis.measure import Array, Measure, delta_m_measure, mean_metrics, skill_measure
from mtl_search.analysis.references import Tasks, main_metrics
from mtl_search.analysis.split_comparison import SplitComparison, split_comparisons
from mtl_search.analysis.statistics.answers import could_decide, decide, needed
from mtl_search.analysis.statistics.holm import holm
from mtl_search.analysis.statistics.sequential import nominal_level
from mtl_search.analysis.verdict import (
    Claim,
    Outcome,
    SelectedFinalist,
    Verdict,
    WeightsOutcome,
)
from mtl_search.analysis.verdict_notes import notes_of
from mtl_search.config import Config
from mtl_search.metrics.metric_key import metric_key
from mtl_search.storage import item_values
from mtl_search.storage.arm_name import (
    EQUAL,
    SEARCH,
    SHARED,
    TWIN_SEPARATE,
    TWIN_WEIGHTS,
    ArmName,
)
from mtl_search.storage.records import SweepRecord, TrialRecord

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
    compared = [c for c in (verdict.sharing, verdict.twin) if c is not None]
    if verdict.outcome != "don't know" or not compared or verdict.shares_nothing:
        return False
    return all(
        comparison.sign or could_decide(comparison.gain, verdict.margin, comparison.level, seeds)
        for comparison in compared
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
        self._directory = directory
        self._tasks: Tasks = main_metrics(record, config)
        self._margin = config.search.finalists.margin
        self._winners: dict[str, SelectedFinalist] = {}
        self._runs: dict[str, Runs] = {}
        for task in self._tasks:
            self._select(ArmName.single(task))
        for arm in SHARED:
            self._select(arm)
        self._best = recommended(record)
        self._select_compared()
        self._single_runs = self._merge_single_runs()
        self._measure = self._choose_measure()
        looks = sorted({*config.search.finalists.looks, *record.looks})
        # Sweeps of version 0.1 looked once.
        self._level = nominal_level(LEVEL, looks) if record.scales else LEVEL

    def verdict(self) -> Verdict:
        """Return the verdict."""
        best = self._best
        best_arm = best.arm if best else None
        sharing = self._compare_with_singles(best_arm)
        twin = self._compare(best_arm, TWIN_SEPARATE)
        weights = self._weights(best)
        auxiliary = self._auxiliary(best_arm)
        compared = [c for c in (sharing, twin) if c is not None]
        outcome = self._outcome(sharing, twin, best)
        judged = self._winners.get(best_arm) if best_arm else None
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
            splits=self._over_splits(),
            claims=_claims(sharing, auxiliary),
            needed=(
                needed(compared[0].gain, self._margin, self._level)
                if outcome == "don't know" and compared and not (best and best.shares_nothing)
                else None
            ),
            winners=self._winners,
            final_reference=mean_metrics(run.test for run in self._single_runs.values()),
            parameters=judged.parameters if judged else None,
            single_parameters=self._single_parameters(),
            notes=tuple(
                notes_of(
                    self._record,
                    self._measure,
                    self._tasks,
                    [note for arm in self._winners for note in self._missing(arm)],
                    compared=[c for c in (sharing, twin, weights) if c is not None],
                    reference=mean_metrics(run.test for run in self._single_runs.values()),
                )
            ),
        )

    # ------------------------------------------------------------ what is compared

    def _select(self, arm: ArmName) -> None:
        origin = winner_of(self._record, arm)
        if origin is not None:
            self._add(arm, origin)

    def _select_compared(self) -> None:
        """Select what differs from the best shared network in one factor."""
        names = dict.fromkeys(t.arm.base for t in self._record if t.is_finalist)
        for arm in names:
            if arm.is_twin or arm.is_ablation:
                origins = [t.origin for t in self._record.arm(arm.final)]
                if self._best is not None and self._best.origin in origins:
                    self._add(arm, self._best.origin)
                elif arm.is_ablation:  # version 0.1 took the best of the search arm in any case
                    self._add(arm, origins[-1])

    def _add(self, arm: ArmName, origin: str) -> None:
        names = [arm.task] if arm.is_single and arm.task else list(self._tasks)
        keys = [metric_key("test", task, m) for task in names for m in self._tasks[task]]
        trials = {
            index: trial
            for index, trial in sorted(finalists_of(self._record, arm, origin).items())
            if all(key in trial.test for key in keys)
        }
        if not trials:
            return
        self._winners[arm] = _selected(arm, trials)
        self._runs[arm] = {index: self._run(trial) for index, trial in trials.items()}

    def _run(self, trial: TrialRecord) -> Run:
        if self._directory is None:
            return Run(trial.test)
        return Run(trial.test, item_values.read(self._directory, trial.id))

    def _merge_single_runs(self) -> dict[int, Run]:
        """Make one run of the single-task runs of each seed index that all main tasks have."""
        runs_by_task = [self._runs.get(ArmName.single(task), {}) for task in self._tasks]
        if not runs_by_task:
            return {}
        indices = set.intersection(*(set(runs) for runs in runs_by_task))
        merged = {}
        for index in sorted(indices):
            test: dict[str, float] = {}
            items: dict[str, Array] = {}
            for runs in runs_by_task:
                test |= runs[index].test
                items |= runs[index].items
            merged[index] = Run(test, items)
        return merged

    def _choose_measure(self) -> Measure | None:
        """Return the measure that the config asks for; Δm where a sweep has no scales of skill."""
        skill = skill_measure(self._record, self._config, self._tasks)
        if skill is not None and self._config.search.objective != "delta_m":
            return skill
        reference = mean_metrics(run.test for run in self._single_runs.values())
        if not reference:
            # Without single-task networks the equal arm itself is the reference.
            runs = self._runs.get(EQUAL) or self._runs.get(SEARCH) or {}
            reference = mean_metrics(run.test for run in runs.values())
        if not reference:
            return skill
        importance = {task: self._config.tasks[task].importance for task in self._tasks}
        return delta_m_measure(self._tasks, reference, importance)

    def _compare_with_singles(self, arm: ArmName | None) -> Comparison | None:
        return self._compare_runs(arm, "single", self._single_runs)

    def _compare(self, arm: ArmName | None, other: ArmName) -> Comparison | None:
        return self._compare_runs(arm, other, self._runs.get(other, {}))

    def _compare_runs(self, arm: ArmName | None, against: str, theirs: Runs) -> Comparison | None:
        if arm is None or self._measure is None:
            return None
        return compare(
            arm,
            against,
            self._runs.get(arm, {}),
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
        for name, winner in self._winners.items():
            arm = ArmName(name)
            if not arm.is_ablation or arm.task is None:
                continue
            with_task = next((a for a in SHARED if self._has(a, winner.origin)), best)
            comparison = self._compare(with_task, arm)
            if comparison is not None:
                comparisons[arm.task] = comparison
        return comparisons

    def _has(self, arm: ArmName, origin: str) -> bool:
        """Return whether an arm speaks by the configuration of this trial."""
        winner = self._winners.get(arm)
        return winner is not None and winner.origin == origin

    def _over_splits(self) -> dict[str, SplitComparison]:
        singles = {task: self._winners.get(ArmName.single(task)) for task in self._tasks}
        origins = {task: winner.origin for task, winner in singles.items() if winner is not None}
        return split_comparisons(self._record, self._measure, self._best, origins)

    # ------------------------------------------------------------ what follows from it

    def _outcome(
        self, sharing: Comparison | None, twin: Comparison | None, best: SharedNetwork | None
    ) -> Outcome:
        if sharing is None or sharing.interval is None:
            return "not tested"
        compared = [sharing] if twin is None else [sharing, twin]
        answer = decide([c.gain for c in compared], self._margin, self._level)
        if best is not None and best.shares_nothing and answer in _SHARING:
            # Separate networks all the same: what differs is their settings, or luck.
            return "don't know"
        return _SHARING.get(answer, answer)  # type: ignore[arg-type]

    def _weights_outcome(self, weights: Comparison | None) -> WeightsOutcome:
        if weights is None or weights.interval is None:
            return "not tested"
        answer = decide([weights.gain], self._margin, self._level)
        return _WEIGHTS.get(answer, answer)  # type: ignore[arg-type]

    def _separate(self, best: SharedNetwork | None) -> ArmName | None:
        """Return which separate networks are recommended; objectives of Δm cannot say."""
        if best is None or self._measure is None or self._measure.name != "skill":
            return None
        singles = {}
        for task in self._measure.tasks:
            winner = self._winners.get(ArmName.single(task))
            if winner is not None:
                singles[task] = winner.origin
        twin = best.origin if TWIN_SEPARATE in self._winners else None
        return better_separate(self._record, singles, twin, self._measure.weights)

    def _single_parameters(self) -> int | None:
        """Sum the parameters of the single-task networks; None where one is missing."""
        total = 0
        for task in self._tasks:
            winner = self._winners.get(ArmName.single(task))
            if winner is None or winner.parameters is None:
                return None
            total += winner.parameters
        return total

    def _missing(self, arm: str) -> list[str]:
        note = missing_note(ArmName(arm), self._record, self._winners[arm].origin)
        return [note] if note else []


def _selected(arm: ArmName, by_index: Mapping[int, TrialRecord]) -> SelectedFinalist:
    trials = list(by_index.values())
    tests = [trial.test for trial in trials]
    info = trials[0].info
    common = mean_metrics(tests)
    return SelectedFinalist(
        arm=arm,
        origin=trials[0].origin,
        trials={index: trial.id for index, trial in by_index.items()},
        parameters=info.get("parameters"),
        depth=info.get("depth"),
        test={name: estimate([test[name] for test in tests]) for name in common},
    )


def _claims(sharing: Comparison | None, auxiliary: Mapping[str, Comparison]) -> dict[str, Claim]:
    """Return what is claimed of single tasks and auxiliary tasks, adjusted by Holm's method."""
    differences = {}
    if sharing is not None:
        differences = {f"task {name}": c.gain for name, c in sharing.tasks.items()}
    differences |= {f"auxiliary {name}": c.gain for name, c in auxiliary.items()}
    p_values = {name: gain.p_value() for name, gain in differences.items()}
    adjusted = holm({name: p for name, p in p_values.items() if p is not None})
    return {
        name: Claim(mean=differences[name].mean, p_value=p, holds=p < 1 - LEVEL)
        for name, p in adjusted.items()
    }
