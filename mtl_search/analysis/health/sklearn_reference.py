"""Is a network of some task behind a linear or gradient-boosted model of scikit-learn?

Such models take seconds on a table. A network that falls behind them has not learnt what is there,
so what it gains or loses by sharing says little.
"""

from __future__ import annotations

from mtl_search.analysis.by_task import TaskRow, task_rows
from mtl_search.analysis.health.check import Check, Evidence, sentence
from mtl_search.analysis.skills import task_skill
from mtl_search.metrics.definitions import METRICS

NAME = "references of scikit-learn"
_ADVICE = (
    "train longer (training.epochs), try other learning rates and wider networks "
    "(search.space, model.backbone)"
)


def check_sklearn_reference(evidence: Evidence) -> Check:
    """Warn of tasks whose best network is behind a reference by more than the margin."""
    rows = task_rows(evidence.record, evidence.tasks, evidence.verdict)
    compared = [row for row in rows if row.references and _best_network(row) is not None]
    if not compared:
        return Check(NAME, ok=None, text="there are none, or no finalists to compare with them")
    findings = []
    for row in compared:
        model, reference = _best_reference(row)
        network = _best_network(row)
        assert network is not None
        if _lead(evidence, row, reference, network) > evidence.config.search.finalists.margin:
            findings.append(
                f"task {row.task}: {row.metric} {network:.3f} of the best network, "
                f"{reference:.3f} of {model.replace('_', ' ')}"
            )
    if findings:
        return Check(NAME, ok=False, text=sentence(findings, _ADVICE))
    return Check(NAME, ok=True, text="no network is behind them")


def _is_score(row: TaskRow) -> bool:
    return METRICS[row.metric].higher_is_better


def _best_network(row: TaskRow) -> float | None:
    values = [value for value in (row.single, row.shared) if value is not None]
    if not values:
        return None
    return max(values) if _is_score(row) else min(values)


def _best_reference(row: TaskRow) -> tuple[str, float]:
    models = row.references
    best = max if _is_score(row) else min
    return best(models.items(), key=lambda item: item[1])


def _lead(evidence: Evidence, row: TaskRow, reference: float, network: float) -> float:
    """Return by how much skill a reference is ahead; by the metric where it has no scale."""
    if f"{row.task}/{row.metric}" in evidence.record.scales:
        ahead = task_skill(evidence.record, row.task, row.metric, reference)
        return ahead - task_skill(evidence.record, row.task, row.metric, network)
    return reference - network if _is_score(row) else network - reference
