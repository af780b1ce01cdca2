"""The network of a trial as each of its ranks builds it."""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn

from mtl_search.config import Config
from mtl_search.data import DataSet
from mtl_search.models.build import build_network
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.training import acceleration, checkpoint
from mtl_search.training.distributed.communicator import Communicator, ProcessGroupCommunicator
from mtl_search.training.distributed.sync_batch_norm import check_sync_batch_norm
from mtl_search.training.seeds import seed_everything
from mtl_search.training.trial import TrialSpec


def build_replica(
    spec: TrialSpec, data: DataSet, device: torch.device, communicator: Communicator
) -> MultiTaskNetwork:
    """Build the network, the same on all ranks, and seed each rank's own random numbers.

    Args:
        spec: The trial.
        data: The data set, whose training labels the heads are fitted to.
        device: The device to train on.
        communicator: The ranks.

    Raises:
        ConfigError: The network cannot be built, or not on this device.
    """
    config = spec.config
    seed_everything(spec.seed)
    network = build_network(config, data)
    network.fit({task: _training_labels(config, data, task) for task in config.tasks})
    network.to(device)
    if config.training.sync_batch_norm and isinstance(communicator, ProcessGroupCommunicator):
        check_sync_batch_norm(config, device)
        network = nn.SyncBatchNorm.convert_sync_batchnorm(network, communicator.group)
    acceleration.to_channels_last(config.training, network)
    # The seed is the same on all ranks, but a layer of the user's may not heed it.
    communicator.broadcast(checkpoint.state_tensors(network))
    if communicator.rank:
        seeds = np.random.SeedSequence([spec.seed, communicator.rank])
        seed_everything(int(seeds.generate_state(1)[0]))
    return network


def _training_labels(config: Config, data: DataSet, task: str) -> Tensor:
    target = data.targets[config.tasks[task].target or task]
    # Indexing copies, so the array can be written to, as torch demands.
    return torch.from_numpy(target.values[data.splits["train"]])
