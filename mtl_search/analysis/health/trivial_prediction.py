"""Is a network of some task no better than a constant prediction?

A network that has collapsed to the commonest class has a skill near 0, on either side of it, since
classes have other shares in each split. So what is below the margin of the verdict counts.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Sequence

from mtl_search.analysis import formats
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.health.check import Check, sentence
from mtl_search.analysis.skills import task_skill
from mtl_search.metrics.metric_key import metric_key, scale_key
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.trial_record import TrialRecord

NAME = "constant prediction"
_ADVICE = (
    "train longer (training.epochs), try other learning rates "
    "(search.space.training.optimizer.lr), and check the labels"
)
_SPLITS = {"val": "validation", "test": "test"}


def check_trivial_prediction(evidence: Evidence) -> Check:
    """Warn of tasks whose skill is below 0, or hardly above it, on validation or test."""
    if not evidence.record.scales:
        text = "a sweep of an earlier version does not say what a constant prediction reaches"
        return Check(NAME, ok=None, text=text)
    findings = []
    checked = False
    for task, metrics in evidence.tasks.items():
        if not metrics:
            continue
        for network, trials in _networks(evidence, task):
            low = []
            for split, name in _SPLITS.items():
                skill = _mean_skill(evidence, trials, split, task, metrics[0])
                checked = checked or skill is not None
                if skill is not None and skill < evidence.config.search.finalists.margin:
                    low.append(f"{formats.signed(skill, 3)} on {name}")
            if low:
                findings.append(f"task {task}: {network} has skill {' and '.join(low)}")
    if findings:
        return Check(NAME, ok=False, text=sentence(findings, _ADVICE))
    if not checked:
        return Check(NAME, ok=None, text="no network has been trained on a task with a scale")
    return Check(NAME, ok=True, text="every task is better than a constant prediction")


def _networks(evidence: Evidence, task: str) -> Iterator[tuple[str, Sequence[TrialRecord]]]:
    """Yield the networks of a task: its own, and the recommended one that shares."""
    single = ArmName.single(task)
    trials = evidence.finalists(single) or [t for t in evidence.winners() if t.arm == single]
    yield "its own network", trials
    if evidence.verdict.recommended is not None:
        yield "the shared network", evidence.finalists(evidence.verdict.recommended.arm)


def _mean_skill(
    evidence: Evidence, trials: Sequence[TrialRecord], split: str, task: str, metric: str
) -> float | None:
    """Return the skill of the mean over trials; None where a value or the scale is missing."""
    key = metric_key(split, task, metric)
    values = []
    for trial in trials:
        metrics = trial.test if split == "test" else (trial.best.metrics if trial.best else {})
        if key in metrics:
            values.append(metrics[key])
    if not values or scale_key(task, metric) not in evidence.record.scales:
        return None
    return task_skill(evidence.record, task, metric, statistics.fmean(values))
