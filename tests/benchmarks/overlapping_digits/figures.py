"""What the finalists of all methods of a setting reached, against the tuned separate networks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mtl_search.analysis.comparison import Comparison, Run, Runs, compare
from mtl_search.analysis.finalists import finalists_of, winner_of
from mtl_search.analysis.judge import judge
from mtl_search.analysis.measure import Measure, mean_metrics, skill_measure
from mtl_search.analysis.references import Tasks, main_metrics
from mtl_search.config import Config, load_config
from mtl_search.metrics.objective import delta_m, task_gains
from mtl_search.storage import item_values, sweep_directory
from mtl_search.storage.arm_name import EQUAL, SEARCH, ArmName
from mtl_search.storage.journal import read_record
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord
from tests.benchmarks.overlapping_digits.settings import SWEEP, Setting


@dataclass(frozen=True)
class Row:
    """What a method reached.

    Attributes:
        title: What the table calls it.
        printed: Δm in percent in print, of each task and their mean; empty where there is none.
        test: `test/<task>/<metric>` → mean over seeds.
        tasks: Task → its relative gain.
        delta_m: Δm of each seed.
        skill: The comparison with the tuned separate networks by skill.
        weights: Loss weights of the network, relative to the first; None where they adapt.
        learning_rate: Its learning rate.
        trials: Trials of the arm, finalists included.
    """

    title: str
    printed: Sequence[float]
    test: Mapping[str, float]
    tasks: Mapping[str, float]
    delta_m: Sequence[float]
    skill: Comparison
    weights: Sequence[float] | None
    learning_rate: float | None
    trials: int


@dataclass(frozen=True)
class Figures:
    """What the methods of a setting reached.

    Attributes:
        setting: The setting.
        reference: `test/<task>/<metric>` → mean over seeds of the tuned separate networks.
        reference_trials: Their trials.
        rows: A row a method that has finished.
        missing: Names of the methods that have not.
        verdict: The sentences of the sweep's verdict.
        epochs: Epochs of all trials.
        seconds: Time of all trials.
        config: The config of its sweep.
    """

    setting: Setting
    reference: Mapping[str, float]
    reference_trials: int
    rows: Sequence[Row]
    missing: Sequence[str]
    verdict: str
    epochs: int
    seconds: float
    config: Config


def figures_of(setting: Setting, root: Path) -> Figures | None:
    """Return the figures of a setting; None where its sweep has not finished.

    Args:
        setting: The setting.
        root: The folder with a sweep's folder for each method.
    """
    records = {method.name: read_record(_journal(root, method.name)) for method in setting.methods}
    done = {name: record for name, record in records.items() if record.complete}
    if SWEEP not in done:
        return None
    judged = _Judged(setting, root)
    rows = [
        judged.row(SWEEP, EQUAL, "equal weights (losses ÷ trivial losses)", ()),
        judged.row(SWEEP, SEARCH, "our search", ()),
    ]
    rows += [
        judged.row(method.name, SEARCH, method.title, method.printed)
        for method in setting.methods
        if method.name in done and method.name != SWEEP
    ]
    trials = [trial for record in done.values() for trial in record]
    return Figures(
        setting=setting,
        reference=judged.reference,
        reference_trials=sum(trial.arm.is_single for trial in done[SWEEP]),
        rows=rows,
        missing=[name for name in records if name not in done],
        verdict=judged.verdict,
        epochs=sum(trial.last_epoch for trial in trials),
        seconds=sum(trial.seconds for trial in trials),
        config=judged.config,
    )


class _Judged:
    """Compare the methods of a setting with the separate networks of its sweep.

    Args:
        setting: The setting.
        root: The folder of the methods' sweeps.
    """

    def __init__(self, setting: Setting, root: Path) -> None:
        self._root = root
        record = read_record(_journal(root, SWEEP))
        self.config = config = load_config(root / SWEEP / sweep_directory.CONFIG)
        self._tasks: Tasks = main_metrics(record, config)
        measure = skill_measure(record, config, self._tasks)
        assert measure is not None, "a sweep of this version has scales"
        self._measure: Measure = measure
        self._singles = self._separate_runs(record)
        self.reference = mean_metrics(run.test for run in self._singles.values())
        self.verdict = judge(record, config, root / SWEEP).sentence()

    def row(self, method: str, arm: ArmName, title: str, printed: Sequence[float]) -> Row:
        """Return what the finalists of an arm reached.

        Args:
            method: Name of the method whose sweep it is.
            arm: The arm.
            title: What the table calls it.
            printed: Δm in print.
        """
        record = read_record(_journal(self._root, method))
        trials = _finalists(record, arm)
        runs = self._runs(method, trials)
        comparison = compare(
            title, "single", runs, self._singles, measure=self._measure, tasks=self._tasks
        )
        assert comparison is not None, "a finished sweep has finalists"
        tests = [run.test for run in runs.values()]
        means = mean_metrics(tests)
        info = next(iter(trials.values())).info
        first, *others = info["weights"].values()
        return Row(
            title=title,
            printed=printed,
            test=means,
            tasks=task_gains(means, self.reference, self._tasks, "test"),
            delta_m=[delta_m(test, self.reference, self._tasks, "test") for test in tests],
            skill=comparison,
            weights=None if info["adaptive"] else [1.0, *(other / first for other in others)],
            learning_rate=info["lr"],
            trials=sum(trial.arm.base == arm for trial in record),
        )

    def _separate_runs(self, record: SweepRecord) -> Runs:
        """Make one run of the single-task runs of each seed."""
        by_task = [
            self._runs(SWEEP, _finalists(record, ArmName.single(task))) for task in self._tasks
        ]
        return {
            seed: Run(
                {key: value for runs in by_task for key, value in runs[seed].test.items()},
                {key: items for runs in by_task for key, items in runs[seed].items.items()},
            )
            for seed in set.intersection(*(set(runs) for runs in by_task))
        }

    def _runs(self, method: str, trials: Mapping[int, TrialRecord]) -> Runs:
        directory = self._root / method
        return {
            seed: Run(trial.test, item_values.read(directory, trial.id))
            for seed, trial in trials.items()
        }


def _finalists(record: SweepRecord, arm: ArmName) -> dict[int, TrialRecord]:
    origin = winner_of(record, arm)
    assert origin is not None, "a finished sweep has finalists"
    return finalists_of(record, arm, origin)


def _journal(root: Path, method: str) -> Path:
    return root / method / sweep_directory.JOURNAL
