"""Batch normalisation of a single sample, which torch refuses."""

from __future__ import annotations

import copy

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from mtl_search.config import Config
from mtl_search.data import DataSet
from mtl_search.errors import ConfigError
from mtl_search.models.graph_tracing import zero_batch
from mtl_search.models.network import MultiTaskNetwork

_TOO_FEW = "Expected more than 1 value per channel"


def check_batch_norm(config: Config, data: DataSet, network: MultiTaskNetwork) -> None:
    """Refuse batches of one sample where batch normalisation has one value of each channel.

    Raises:
        ConfigError: Every trial would fail in its first batch.
    """
    size = config.training.batch_size
    samples = len(data.splits["train"])
    if min(size, samples) > 1 or not any(isinstance(x, _BatchNorm) for x in network.modules()):
        return
    try:
        with torch.random.fork_rng(devices=[]):
            copy.deepcopy(network).train()(*zero_batch(network, data, samples=1))
    except ValueError as error:
        if _TOO_FEW not in str(error):
            raise
        path, value = ("training.batch_size", size) if size == 1 else ("data", config.data.name)
        raise ConfigError(
            "batch normalisation cannot train on batches of one sample: take larger batches, or "
            "a norm that does not look at the batch (group, layer, none)",
            path=path,
            value=value,
        ) from None
