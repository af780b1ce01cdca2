"""The runs of each configuration on fresh seeds, measured on both splits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.finalists import finalists_of
from mtl_search.analysis.loss_weights import shown_weights
from mtl_search.analysis.references import validation_reference
from mtl_search.analysis.skills import known_delta_m, mean_skill
from mtl_search.storage.arm_name import SHARED, ArmName
from mtl_search.storage.trial_record import TrialRecord

SINGLE = "single"  # the single-task networks of all tasks together


@dataclass(frozen=True)
class FinalistRuns:
    """One configuration on its fresh seeds. Values are by seed, NaN where one is not known.

    Attributes:
        arm: The arm, without `final/`; `single` for the networks of all tasks together.
        seeds: Number of seeds that have finished.
        is_winner: Whether it is the configuration that speaks for its arm.
        is_recommended: Whether it is the recommended network.
        test_skill: Mean skill of the main tasks on the test split.
        test_delta_m: Δm on the test split against the means of the single-task networks.
        val_skill: Mean skill on the validation split, at the best epoch.
        val_delta_m: Δm on the validation split, as in the leaderboard of trials.
        val_objective: Best objective; empty for `single`.
        settings: Depth, loss weights, learning rate, number of parameters, and the trial that had
            it first.
    """

    arm: str
    seeds: int
    is_winner: bool
    is_recommended: bool
    test_skill: Sequence[float]
    test_delta_m: Sequence[float]
    val_skill: Sequence[float]
    val_delta_m: Sequence[float]
    val_objective: Sequence[float] = ()
    settings: Mapping[str, Any] = field(default_factory=dict)


def finalist_runs(evidence: Evidence) -> Iterator[FinalistRuns]:
    """Yield the configurations with fresh seeds; of single-task arms only the winners, as one."""
    record, winners = evidence.record, evidence.verdict.winners
    singles = [ArmName.single(task) for task in evidence.tasks]
    if evidence.tasks and all(arm in winners for arm in singles):
        yield _single_runs(evidence, singles)
    others = [ArmName(arm) for arm in winners if not ArmName(arm).is_single]
    arms = [*SHARED, *(arm for arm in others if arm not in SHARED)]
    for arm in dict.fromkeys(arms):
        for origin in dict.fromkeys(trial.origin for trial in record.arm(arm.final)):
            by_seed = finalists_of(record, arm, origin)
            if by_seed:
                yield _runs(evidence, arm, origin, [by_seed[seed] for seed in sorted(by_seed)])


def _single_runs(evidence: Evidence, arms: Sequence[ArmName]) -> FinalistRuns:
    """Put the single-task networks together: the first seeds of all tasks, then the second ones."""
    runs = [evidence.finalists(arm) for arm in arms]
    tests: list[dict[str, float]] = []
    vals: list[dict[str, float]] = []
    for together in zip(*runs, strict=False):
        tests.append({key: value for trial in together for key, value in trial.test.items()})
        vals.append({key: value for trial in together for key, value in _best(trial).items()})
    return FinalistRuns(
        arm=SINGLE,
        seeds=len(tests),
        is_winner=True,
        is_recommended=False,
        settings={
            "parameters": evidence.verdict.single_parameters,
            "origin": "the best of each task",
        },
        **_measured(evidence, tests, vals),
    )


def _runs(
    evidence: Evidence, arm: ArmName, origin: str, trials: Sequence[TrialRecord]
) -> FinalistRuns:
    best = evidence.verdict.recommended
    winner = evidence.verdict.winners.get(arm)
    info = trials[0].info
    weights = shown_weights(trials[0])
    return FinalistRuns(
        arm=str(arm),
        seeds=len(trials),
        is_winner=winner is not None and winner.origin == origin,
        is_recommended=best is not None and (best.arm, best.origin) == (arm, origin),
        val_objective=[trial.best_objective for trial in trials],
        settings={
            "depth": formats.depth(info.get("depth")),
            "weights": formats.weights(
                weights[task] for task in evidence.config.tasks if task in weights
            ),
            "lr": info.get("lr"),
            "parameters": info.get("parameters"),
            "origin": origin,
        },
        **_measured(evidence, [t.test for t in trials], [_best(t) for t in trials]),
    )


def _measured(
    evidence: Evidence, tests: Sequence[Mapping[str, float]], vals: Sequence[Mapping[str, float]]
) -> dict[str, list[float]]:
    record, config, tasks = evidence.record, evidence.config, evidence.tasks
    importance = {task: config.tasks[task].importance for task in tasks}
    on_val, on_test = validation_reference(record, tasks), evidence.verdict.final_reference
    return {
        "test_skill": [mean_skill(record, config, tasks, test, "test") for test in tests],
        # As the literature has it, all tasks alike; see `analysis.comparison`.
        "test_delta_m": [
            known_delta_m(test, on_test, tasks, "test", record=record) for test in tests
        ],
        "val_skill": [mean_skill(record, config, tasks, val, "val") for val in vals],
        "val_delta_m": [
            known_delta_m(val, on_val, tasks, "val", importance=importance, record=record)
            for val in vals
        ],
    }


def _best(trial: TrialRecord) -> Mapping[str, float]:
    return trial.best.metrics if trial.best else {}
