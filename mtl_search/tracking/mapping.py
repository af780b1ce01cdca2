"""What a sweep looks like in MLflow: names, tags, params, metrics, states.

This module knows the limits of MLflow, but does not import it.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import posixpath
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mtl_search.config import Config, to_stored
from mtl_search.config.paths import flatten
from mtl_search.metrics.metric_key import scale_key
from mtl_search.storage.arm_name import ArmName
from mtl_search.storage.records import SweepRecord
from mtl_search.storage.trial_record import EpochRecord, TrialRecord

TAG = "mtl_search."
SWEEP, TRIAL = f"{TAG}sweep", f"{TAG}trial"
PARENT = "mlflow.parentRunId"

# The limits of mlflow.utils.validation, in characters.
_NAME_LENGTH = 250
_PARAM_LENGTH = 6000
_TAG_LENGTH = 8000
_REFUSED = re.compile(r"[^/\w.\- :]")

# MLflow has no status for a pruned trial; the tag `state` tells it from a complete one.
STATUS = {"COMPLETE": "FINISHED", "PRUNED": "FINISHED", "FAIL": "FAILED", "RUNNING": "RUNNING"}

# What a trial says of itself that becomes a tag.
_INFO = ("parameters", "balancing", "depth", "weights", "node", "out_of_memory", "pack")

# Name of a metric: the last epoch that was sent. It comes last in each batch, so what belongs to
# earlier epochs has arrived.
CURSOR = "epoch"


@dataclass(frozen=True)
class MetricPoint:
    """One value of a metric; its time comes from the journal, so it may be sent again.

    Attributes:
        name: The metric's name, as MLflow accepts it.
        value: The value.
        time: Unix time in milliseconds.
        step: The epoch, or for charts of the sweep the number of trials that have ended.
    """

    name: str
    value: float
    time: int
    step: int


def clean_name(name: str) -> str:
    """Return a name that MLflow accepts: no other characters, and a path in normal form.

    Examples:
        >>> clean_name("weight/left (3 %)")
        'weight/left _3 __'
    """
    segments = [s for s in _REFUSED.sub("_", name).split("/") if s not in ("", ".")]
    path = "/".join("__" if segment == ".." else segment for segment in segments)
    cleaned = path[:_NAME_LENGTH].rstrip("/") or "_"
    assert posixpath.normpath(cleaned) == cleaned
    return cleaned


def clean_names(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values under clean names.

    Two names that become the same are told apart by a hash of the original.
    """
    cleaned: dict[str, Any] = {}
    for name, value in values.items():
        key = clean_name(name)
        if key in cleaned:
            suffix = hashlib.sha256(name.encode()).hexdigest()[:6]
            key = f"{key[: _NAME_LENGTH - 7]}-{suffix}"
        cleaned[key] = value
    return cleaned


def sweep_tags(sweep: SweepRecord) -> dict[str, str]:
    """Return the tags of the sweep's run."""
    tags = {SWEEP: sweep.id, f"{TAG}name": sweep.name, f"{TAG}role": "sweep"}
    return {**tags, "kind": "sweep", **_author()}


def _author() -> dict[str, str]:
    """Return the tags that MLflow's own pages show as source and creator."""
    try:
        user = {"mlflow.user": getpass.getuser()}
    except (OSError, KeyError):  # a user id without a name, as in some containers
        user = {}
    return {"mlflow.source.name": "mtl-search", "mlflow.source.type": "LOCAL", **user}


def trial_tags(trial: TrialRecord, sweep: SweepRecord, parent: str) -> dict[str, str]:
    """Return the tags of a trial's run; `parent` is the id of the sweep's run."""
    tags = {
        PARENT: parent,
        SWEEP: sweep.id,
        TRIAL: trial.id,
        f"{TAG}arm": trial.arm,
        f"{TAG}config_hash": trial.config_hash,
        f"{TAG}state": trial.state,
        f"{TAG}role": trial.role,
        f"{TAG}origin": trial.origin,
        f"{TAG}reason": trial.reason,
        "arm": trial.arm.base,
        "kind": trial_kind(trial),
        "seed": str(trial.seed),
        "config": trial.config_hash,
        "depth": _text(trial.info.get("depth")),
        **_author(),
    }
    info = {f"{TAG}{name}": _text(trial.info.get(name)) for name in _INFO}
    return {name: value[:_TAG_LENGTH] for name, value in {**tags, **info}.items() if value}


def trial_kind(trial: TrialRecord) -> str:
    """Return what a trial is there for: `search`, `warmup`, `final` or `split`."""
    if trial.arm.is_repeat:
        return "split" if trial.arm.is_split else "final"
    return "warmup" if trial.is_warmup else "search"


def trial_params(trial: TrialRecord, varied: Mapping[str, Any]) -> dict[str, str]:
    """Return the params of a trial's run: all that the sweep varies, by its values at the begin.

    Args:
        trial: The trial.
        varied: Dotted path → value where the trial has none of its own. All trials get the same
            paths, or columns and parallel coordinates of MLflow had gaps.
    """
    return _params({**varied, **flatten(trial.overrides_at(1))})


def sweep_params(config: Config) -> dict[str, str]:
    """Return the params of the sweep's run: the config by dotted path."""
    return _params(flatten(to_stored(config)))


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


def objective_name(arm: ArmName, config: Config, sweep: SweepRecord) -> str:
    """Return the name of the objective: `val/skill`, `val/delta_m`, or else `val/objective`.

    Single-task arms have no Δm, and sweeps without such arms have none at all: the skill takes its
    place there.

    Args:
        arm: The arm.
        config: The sweep's config.
        sweep: The sweep, whose scales say which tasks have a skill.
    """
    kind = config.search.objective
    if kind == "delta_m" and "single" not in config.search.arms:
        kind = "skill"
    if kind == "skill" and _has_skill(arm, config, sweep):
        return "val/skill"
    if kind == "delta_m" and not (arm.is_single or sweep.custom_objective):
        return "val/delta_m"
    return "val/objective"


def _has_skill(arm: ArmName, config: Config, sweep: SweepRecord) -> bool:
    """Return whether the objective of an arm is a skill: sweeps of version 0.1 have none."""
    if sweep.custom_objective or not sweep.scales:
        return False
    task = arm.task if arm.is_single else None
    if task is None or task not in config.tasks:
        return True
    first = [scale_key(task, metric) for metric in config.tasks[task].metric_names[:1]]
    # Where the config leaves metrics to the head, any scale of the task speaks for it.
    return any(key in sweep.scales for key in first or _keys_of(task, sweep))


def _keys_of(task: str, sweep: SweepRecord) -> list[str]:
    return [key for key in sweep.scales if key.startswith(f"{task}/")]


def epoch_points(
    trial: TrialRecord, epoch: EpochRecord, config: Config, sweep: SweepRecord
) -> list[MetricPoint]:
    """Return the metrics of one epoch, the cursor last.

    Members of a population also have the values that they trained the epoch with, since these
    change.
    """
    values = {objective_name(trial.arm, config, sweep): epoch.best_objective, **epoch.metrics}
    if trial.is_member:
        overrides = trial.overrides_at(epoch.epoch)
        values |= {f"pbt/{path}": value for path, value in overrides.items()}
    cleaned = clean_names(values)
    cleaned.pop(CURSOR, None)
    cleaned[CURSOR] = epoch.epoch
    return [
        MetricPoint(name, float(value), milliseconds(epoch.time), epoch.epoch)
        for name, value in cleaned.items()
    ]


def milliseconds(seconds: float) -> int:
    """Return a Unix time in milliseconds, as MLflow has it."""
    return round(seconds * 1000)
