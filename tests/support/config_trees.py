"""A small config that uses every section, as the plain tree that a YAML file gives."""

from __future__ import annotations

import copy
from typing import Any

_TREE: dict[str, Any] = {
    "name": "demo",
    "seed": 3,
    "data": {"name": "digit_pairs", "train": 40, "validation": 20, "test": 20},
    "tasks": {
        "left": {"head": "softmax", "view": "left", "metrics": ["accuracy", "f1"]},
        "right": {"head": {"name": "softmax", "hidden": [4]}, "view": "right", "role": "auxiliary"},
        "same": {"head": "pair", "view": ["left", "right"], "loss_weight": 2.0},
    },
    "model": {
        "backbone": {"name": "mlp", "widths": [8, 8]},
        "sharing": {"name": "hard", "depth": 2},
    },
    "training": {
        "epochs": 4,
        "optimizer": {"name": "adamw", "lr": 0.003},
        "schedule": "cosine",
        "early_stopping": {"patience": 3},
    },
    "search": {
        "trials": 4,
        "space": {
            "tasks.*.loss_weight": {"log_ratio": 100, "reference": "left"},
            "model.sharing.depth": {"int": [0, 2]},
            "training.optimizer.lr": {"log": [1e-4, 1e-2]},
            "training.optimizer.weight_decay": {"float": [0.0, 0.1]},
            "training.batch_size": {"choice": [16, 32], "when": {"model.sharing.depth": [1, 2]}},
        },
        "scheduler": {"name": "asha", "grace_period": 2, "reduction_factor": 2},
        "sampler": {"name": "tpe", "n_startup_trials": 3},
    },
    "tracking": {"enabled": False},
    "resources": {"max_concurrent": 2},
}


def tree() -> dict[str, Any]:
    """A fresh copy."""
    return copy.deepcopy(_TREE)
