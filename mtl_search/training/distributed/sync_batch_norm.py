"""Batch normalisation over the batches of all workers: where torch has it."""

from __future__ import annotations

import torch

from mtl_search.config import Config
from mtl_search.errors import ConfigError


def check_sync_batch_norm(config: Config, device: torch.device) -> None:
    """Refuse synchronised batch normalisation where torch has none.

    Raises:
        ConfigError: The trial trains on the CPU.
    """
    if config.training.sync_batch_norm and device.type != "cuda":
        raise ConfigError(
            "torch synchronises batch normalisation between workers on GPUs only; without it each "
            "worker normalises by its own part of the batch (or choose a norm that does not look "
            "at the batch: group, layer, none)",
            path="training.sync_batch_norm",
            value=True,
        )
