"""Health checks: signs that a sweep does not show what it could, each with what to do about it."""

from __future__ import annotations

from collections.abc import Callable

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.health.best_epoch import check_best_epoch
from mtl_search.analysis.health.check import Check, Checks
from mtl_search.analysis.health.early_stops import check_early_stops
from mtl_search.analysis.health.search_range import check_search_range
from mtl_search.analysis.health.seed_spread import check_seed_spread
from mtl_search.analysis.health.sklearn_reference import check_sklearn_reference
from mtl_search.analysis.health.trial_count import check_trial_count
from mtl_search.analysis.health.trivial_prediction import check_trivial_prediction

__all__ = ["Check", "Checks", "health_checks"]

CHECKS: tuple[Callable[[Evidence], Check], ...] = (
    check_search_range,
    check_trial_count,
    check_trivial_prediction,
    check_sklearn_reference,
    check_seed_spread,
    check_best_epoch,
    check_early_stops,
)


def health_checks(evidence: Evidence) -> Checks:
    """Return the answer of every health check of a sweep, finished or not.

    Args:
        evidence: Record, config and verdict of the sweep.

    Examples:
        >>> from mtl_search.config import load_config
        >>> from mtl_search.storage.records import SweepRecord
        >>> tree = {"name": "demo", "data": "digit_pairs", "model": {"backbone": "mlp"}}
        >>> config = load_config({**tree, "tasks": {"left": {"head": "softmax"}}})
        >>> {check.ok for check in health_checks(Evidence.of(SweepRecord(), config))}
        {None}
    """
    return Checks(check(evidence) for check in CHECKS)
