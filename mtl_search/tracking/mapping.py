"""What a sweep looks like in MLflow: names, tags, params, metrics, states. Knows MLflow's limits, but no MLflow."""

from __future__ import annotations

import getpass
import hashlib
import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mtl_search.config import Config, to_dict
from mtl_search.config.paths import flatten
from mtl_search.storage.records import EpochRecord, SweepRecord, TrialRecord

TAG = "mtl_search."
SWEEP, TRIAL = f"{TAG}sweep", f"{TAG}trial"
PARENT = "mlflow.parentRunId"

# mlflow.utils.validation
_NAME_LENGTH, _PARAM_LENGTH, _TAG_LENGTH = 250, 6000, 8000
_REFUSED = re.compile(r"[^/\w.\- :]")

# MLflow has no word for a pruned trial: it did what it was asked to do, and the tag `state` tells the rest.
STATUS = {"COMPLETE": "FINISHED", "PRUNED": "FINISHED", "FAIL": "FAILED", "RUNNING": "RUNNING"}

# What a trial says of itself that becomes a tag.
_INFO = ("parameters", "balancing", "depth", "weights", "node", "out_of_memory")

# Last epoch that was sent. It ends each batch, so what is below it has arrived.
CURSOR = "epoch"


@dataclass(frozen=True)
class MetricPoint:
    """One metric value; `time` in milliseconds. From the journal, so that sending it again changes nothing."""

    name: str
    value: float
    time: int
    step: int


def clean_name(name: str) -> str:
    """The name with what MLflow refuses replaced: other characters by `_`, paths that are not in normal form."""
    parts = [part for part in _REFUSED.sub("_", name).split("/") if part not in ("", ".")]
    cleaned = (
        "/".join("__" if part == ".." else part for part in parts)[:_NAME_LENGTH].rstrip("/") or "_"
    )
    assert posixpath.normpath(cleaned) == cleaned
    return cleaned


def clean_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """The mapping under clean names; two names that become the same are told apart by a hash of the original."""
    cleaned: dict[str, Any] = {}
    for name, value in values.items():
        key = clean_name(name)
        if key in cleaned:
            suffix = hashlib.sha256(name.encode()).hexdigest()[:6]
            key = f"{key[: _NAME_LENGTH - 7]}-{suffix}"
        cleaned[key] = value
    return cleaned


def sweep_tags(sweep: SweepRecord) -> dict[str, str]:
    """Tags of the sweep's run."""
    return {SWEEP: sweep.id, f"{TAG}name": sweep.name, f"{TAG}role": "sweep", **_author()}


def _author() -> dict[str, str]:
    """What MLflow's own pages show as source and creator."""
    try:
        user = {"mlflow.user": getpass.getuser()}
    except (OSError, KeyError):  # a user id without a name, as in some containers
        user = {}
    return {"mlflow.source.name": "mtl-search", "mlflow.source.type": "LOCAL", **user}


def trial_tags(trial: TrialRecord, sweep: SweepRecord, parent: str) -> dict[str, str]:
    """Tags of a trial's run."""
    tags = {
        PARENT: parent,
        SWEEP: sweep.id,
        TRIAL: trial.id,
        f"{TAG}arm": trial.arm,
        f"{TAG}config_hash": trial.config_hash,
        f"{TAG}state": trial.state,
        f"{TAG}origin": trial.origin,
        f"{TAG}reason": trial.reason,
        **_author(),
    }
    info = {f"{TAG}{name}": _text(trial.info.get(name)) for name in _INFO}
    return {name: value[:_TAG_LENGTH] for name, value in {**tags, **info}.items() if value}


def trial_params(trial: TrialRecord) -> dict[str, str]:
    """Params of a trial's run: what differs from the sweep's config, at its beginning, and the seed."""
    return _params({**flatten(trial.overrides_at(1)), "seed": trial.seed})


def sweep_params(config: Config) -> dict[str, str]:
    """Params of the sweep's run: the resolved config, flat."""
    return _params(flatten(to_dict(config)))


def _params(values: Mapping[str, Any]) -> dict[str, str]:
    return {name: _text(value)[:_PARAM_LENGTH] for name, value in clean_names(values).items()}


def _text(value: Any) -> str:
    if value is None:
        return ""
    return (
        json.dumps(value, ensure_ascii=False)
        if isinstance(value, dict | list | tuple)
        else str(value)
    )


def objective_name(trial_arm: str, config: Config) -> str:
    """`val/delta_m` where the objective is Δm. Single-task arms have none, nor do sweeps without such arms."""
    single = "single/" in trial_arm or "single" not in config.search.arms
    return "val/delta_m" if config.search.objective == "delta_m" and not single else "val/objective"


def epoch_points(trial: TrialRecord, epoch: EpochRecord, config: Config) -> list[MetricPoint]:
    """Metrics of one epoch, with the values that a member of a population trained it with; the cursor last."""
    changing = {
        f"pbt/{path}": value
        for path, value in trial.overrides_at(epoch.epoch).items()
        if trial.is_member
    }
    values = {objective_name(trial.arm, config): epoch.best_objective, **epoch.metrics, **changing}
    cleaned = clean_names(values)
    cleaned.pop(CURSOR, None)
    cleaned[CURSOR] = epoch.epoch
    return [
        MetricPoint(name, float(value), milliseconds(epoch.time), epoch.epoch)
        for name, value in cleaned.items()
    ]


def test_points(trial: TrialRecord) -> list[MetricPoint]:
    """Test metrics of a finalist, at its best epoch."""
    step = trial.best.epoch if trial.best else 0
    return [
        MetricPoint(n, float(v), milliseconds(trial.ended), step)
        for n, v in clean_names(trial.test).items()
    ]


def milliseconds(seconds: float) -> int:
    """Unix time as MLflow has it."""
    return round(seconds * 1000)
