"""The shape of a trial: trials of one shape can be trained as one batched program."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from mtl_search.config import Config, to_dict
from mtl_search.config.sections.training import TrainingConfig
from mtl_search.data.dataset import Target
from mtl_search.training.balancing import WEIGHTINGS

# Values of which each member of a pack has its own.
_OWN_TRAINING = ("clip_norm", "early_stopping", "checkpoint_every_s", "pack")
_OWN_OPTIMIZER = ("lr", "weight_decay", "momentum")
_OWN_TASK = ("loss_weight", "importance", "metrics", "target", "auxiliary")
# Optimizers that have an update rule for packs, and a momentum that may be 0 for some.
_OPTIMIZERS = ("sgd", "adam", "adamw")
# Where a pack pays, by measurements (docs/benchmarks.md, "Packs"): dense layers that are narrow, on
# small batches, so that the calls cost more than the numbers. Larger inputs are seen when the
# network is built (`training.packs.eligibility`).
_DENSE_BACKBONE = "mlp"
_DENSE_NORMS = ("none", "layer")
_DENSE_HEADS = ("softmax", "binary", "multilabel", "regression")
_DENSE_SHARING = ("hard", "soft")
_MOST_WIDTH = 256
_MOST_FEATURES = 2**16  # of a layer's output: samples of a batch times width


def pack_shape(config: Config, targets: Mapping[str, Target]) -> str:
    """Return a text that is the same for trials that may share a pack; empty: trained by itself.

    Args:
        config: The trial's config.
        targets: The targets of the data set.
    """
    if not _can_pack(config) or (config.training.pack == "auto" and not _pays(config)):
        return ""
    tree = to_dict(config)
    training = {k: v for k, v in tree["training"].items() if k not in _OWN_TRAINING}
    optimizer = training["optimizer"]
    training["optimizer"] = {k: v for k, v in optimizer.items() if k not in _OWN_OPTIMIZER}
    tasks = [_task_shape(name, task, targets) for name, task in tree["tasks"].items()]
    names = [task.get("target") or name for name, task in tree["tasks"].items()]
    shape = {
        "data": tree["data"],
        "model": tree["model"],
        "training": training,
        "tasks": tasks,
        "shared targets": [names.index(name) for name in names],
    }
    return json.dumps(shape, sort_keys=True, default=str)


def _task_shape(name: str, task: Mapping[str, Any], targets: Mapping[str, Target]) -> Any:
    target = targets[task.get("target") or name]
    kept = {key: value for key, value in task.items() if key not in _OWN_TASK}
    return kept, target.kind, target.size


def _can_pack(config: Config) -> bool:
    training = config.training
    measured = config.report.gradient_conflict or config.report.task_affinity
    return (
        training.pack != 1
        and _weighs_losses_alone(training)
        and training.aggregator is None
        and training.optimizer.name in _OPTIMIZERS
        and not training.compile
        and not measured
        and training.on_out_of_memory == "fail"
        and config.resources.workers == 1
    )


def _weighs_losses_alone(training: TrainingConfig) -> bool:
    """Return whether the losses of a step's one batch are all that its weights depend on."""
    name = training.weighting.name
    if name == "static":
        return True
    reads_more = [
        WEIGHTINGS.constant(name, attribute)
        for attribute in ("needs_gradients", "needs_losses_after_step")
    ]
    return training.accumulate == 1 and not any(reads_more)


def _pays(config: Config) -> bool:
    backbone, training = config.model.backbone, config.training
    if backbone.name != _DENSE_BACKBONE or config.model.sharing.name not in _DENSE_SHARING:
        return False
    if backbone.arguments.get("norm", "none") not in _DENSE_NORMS:
        return False
    if any(task.head.name not in _DENSE_HEADS for task in config.tasks.values()):
        return False
    widest = max(backbone.arguments.get("widths", [64]), default=0)
    return widest <= _MOST_WIDTH and widest * training.batch_size <= _MOST_FEATURES
