"""What tables and MLflow show of the network and the settings of a trial."""

from __future__ import annotations

from typing import Any

from mtl_search.config import Config
from mtl_search.data.loading.loader import Loader
from mtl_search.models.stage import parameter_count
from mtl_search.training import acceleration, balancing
from mtl_search.training.step import Step


def trial_facts(step: Step, config: Config, loader: Loader) -> dict[str, Any]:
    """Return facts that stay as they are while a trial trains.

    Args:
        step: The step of the trial, which knows the network.
        config: The trial's config.
        loader: The loader of the training split.
    """
    return {
        "parameters": parameter_count(step.network),
        "depth": step.network.sharing.depth,
        "weights": {task: settings.loss_weight for task, settings in config.tasks.items()},
        "lr": config.training.optimizer.arguments.get("lr"),
        "tasks": list(config.tasks),
        "samples_per_epoch": loader.samples,
        "device": acceleration.device_name(step.device),
        "adaptive": step.adaptive,
        "balancing": balancing.names(config.training) if step.adaptive else "",
    }
