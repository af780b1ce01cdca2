"""Is a network of some task behind a linear or gradient-boosted model of scikit-learn?

Such models take seconds on a table. A network that falls behind them has not learnt what is there,
so what it gains or loses by sharing says little.
"""

from __future__ import annotations

import statistics

from mtl_search.analysis.by_task import TaskRow, task_rows
from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.health.check import Check, sentence
from mtl_search.analysis.skills import task_skill
from mtl_search.metrics.definitions import Directions, is_higher_better
from mtl_search.metrics.metric_key import scale_key

NAME = "references of scikit-learn"
_ADVICE = (
    "train longer (training.epochs), try other learning rates and wider networks "
    "(search.space, model.backbone)"
)


def check_sklearn_reference(evidence: Evidence) -> Check:
    """Warn of tasks whose best network is behind a reference by more than the margin.

    The task that is furthest behind comes first. Of several tasks it is said before how many are,
    and by how much in the mean: a single task may be behind by chance.
    """
    rows = task_rows(evidence.record, evidence.tasks, evidence.verdict)
    own = evidence.record.directions
    compared = [row for row in rows if row.references and _best_network(row, own) is not None]
    if not compared:
        return Check(NAME, ok=None, text="there are none, or no finalists to compare with them")
    leads = {row.task: _lead_of_best(evidence, row) for row in compared}
    behind = [row for row in compared if leads[row.task] > evidence.config.search.finalists.margin]
    if not behind:
        return Check(NAME, ok=True, text="no network is behind them")
    findings = []
    if len(compared) > 1:
        mean = statistics.fmean(leads.values())
        findings.append(
            f"{len(behind)} of {len(compared)} tasks {'is' if len(behind) == 1 else 'are'} behind; "
            f"over all tasks networks are {100 * abs(mean):.1f} points of skill "
            f"{'behind' if mean > 0 else 'ahead'} in the mean"
        )
    for row in sorted(behind, key=lambda row: -leads[row.task]):
        model, reference = _best_reference(row, own)
        findings.append(
            f"task {row.task}: {row.metric} {_best_network(row, own):.3f} of the best network, "
            f"{reference:.3f} of {model.replace('_', ' ')}"
        )
    return Check(NAME, ok=False, text=sentence(findings, _ADVICE))


def _lead_of_best(evidence: Evidence, row: TaskRow) -> float:
    own = evidence.record.directions
    network = _best_network(row, own)
    assert network is not None
    return _lead(evidence, row, _best_reference(row, own)[1], network)


def _best_network(row: TaskRow, own: Directions) -> float | None:
    values = [value for value in (row.single, row.shared) if value is not None]
    if not values:
        return None
    return max(values) if is_higher_better(row.metric, own) else min(values)


def _best_reference(row: TaskRow, own: Directions) -> tuple[str, float]:
    models = row.references
    best = max if is_higher_better(row.metric, own) else min
    return best(models.items(), key=lambda item: item[1])


def _lead(evidence: Evidence, row: TaskRow, reference: float, network: float) -> float:
    """Return by how much skill a reference is ahead; by the metric where it has no scale."""
    if scale_key(row.task, row.metric) in evidence.record.scales:
        ahead = task_skill(evidence.record, row.task, row.metric, reference)
        return ahead - task_skill(evidence.record, row.task, row.metric, network)
    ahead = reference - network
    return ahead if is_higher_better(row.metric, evidence.record.directions) else -ahead
