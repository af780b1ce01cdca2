"""What a sweep knows of a model, for the model's card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from mtl_search.analysis.estimate import estimate
from mtl_search.analysis.finalists import finalists_of
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import TrialRecord

if TYPE_CHECKING:
    from mtl_search.analysis.verdict import Verdict
    from mtl_search.api.model_choice import ModelChoice
    from mtl_search.config import Config


class _Sweep(Protocol):
    config: Config
    record: SweepRecord

    @property
    def verdict(self) -> Verdict:
        """What the sweep has shown."""


def facts_of_model(result: _Sweep, choice: ModelChoice) -> dict[str, Any]:
    """Return what a model is and why, with verdict and data of its sweep, as plain JSON types.

    Args:
        result: The sweep.
        choice: The networks of the model.
    """
    return {
        "sweep": result.config.name,
        "kind": choice.kind,
        "arms": [str(arm) for arm in choice.arms],
        "trials": [trial.id for trial in choice.trials],
        "reason": choice.reason,
        **facts_of_sweep(result),
    }


def facts_of_sweep(result: _Sweep) -> dict[str, Any]:
    """Return the verdict and the data of a sweep, as plain JSON types.

    Args:
        result: The sweep.
    """
    # A journal of an earlier version says nothing of its data.
    recorded = result.record.data
    data: dict[str, Any] = {"name": result.config.data.name}
    if recorded.get("digest"):
        data["digest"] = recorded["digest"]
    if recorded.get("classes"):
        data["classes"] = recorded["classes"]
    return {"verdict": result.verdict.sentence(), "data": data}


def metrics_on_test(
    record: SweepRecord, trials: Sequence[TrialRecord]
) -> dict[str, dict[str, Any]]:
    """Return the test metrics of configurations over their finalists, without losses.

    Args:
        record: The sweep's record.
        trials: A trial of each configuration.

    Returns:
        `test/<task>/<metric>` → its mean, the ends of its 95 % interval, and the number of seeds.
    """
    metrics: dict[str, dict[str, Any]] = {}
    for trial in trials:
        origin = trial.origin if trial.arm.is_repeat else trial.id
        finalists = list(finalists_of(record, trial.arm.base, origin).values())
        names = [name for name in trial.test if not name.endswith("/loss")]
        for name in names:
            values = [other.test[name] for other in finalists if name in other.test]
            over_seeds = estimate(values or [trial.test[name]])
            metrics[name] = {
                "mean": over_seeds.mean,
                "low": over_seeds.low,
                "high": over_seeds.high,
                "seeds": len(over_seeds.values),
            }
    return metrics
