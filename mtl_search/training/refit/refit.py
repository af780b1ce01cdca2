"""Train a network for a given number of epochs on the training and the validation split."""

from __future__ import annotations

import copy
import tempfile
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from mtl_search.config import Config
from mtl_search.data.dataset import DataSet
from mtl_search.data.loading.device_data import DeviceData, should_be_resident
from mtl_search.metrics.objective import Objective
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.training.runner import choose_device
from mtl_search.training.trainer import Trainer
from mtl_search.training.trial import TrialSpec

# Is called after each epoch with the epochs that are done.
EpochProgress = Callable[[int], None]


@dataclass(frozen=True)
class Refitted:
    """A network after its last training.

    Attributes:
        network: The network, on the CPU and ready to predict.
        test: `test/<task>/<metric>` and losses on the test split, which was read once.
    """

    network: MultiTaskNetwork
    test: dict[str, float]


def refit(
    config: Config, data: DataSet, epochs: int, seed: int, progress: EpochProgress | None = None
) -> Refitted:
    """Train a configuration on training and validation rows, and test it once at the end.

    Nothing is chosen by what the network is trained on: there is no early stopping and no best
    epoch. The schedule is that of `training.epochs`, as in the search, and training stops in it
    after `epochs`: at the learning rates that gave this number of epochs.

    Args:
        config: The config of the trial.
        data: The data set.
        epochs: The number of epochs.
        seed: The seed of weights, order of batches and dropout.
        progress: Is called after each epoch.

    Raises:
        TrialError: A loss is not a finite number.
    """
    merged = with_validation_in_training(data)
    device = choose_device(config.training.device)
    resident = None
    if should_be_resident(merged, config.training.cache_on_device, device, 1.0):
        resident = DeviceData(merged, device)
    objective = Objective({}, "primary")  # nothing is compared
    with tempfile.TemporaryDirectory() as folder:
        spec = TrialSpec("refit", config, seed, objective, folder)
        trainer = Trainer(spec, merged, device, resident)
        for epoch in range(epochs):
            trainer.train_epoch()
            if trainer.schedule is not None:
                trainer.schedule.step()
            trainer.progress.epoch += 1
            if progress is not None:
                progress(epoch + 1)
        test = trainer.evaluate("test")
    return Refitted(trainer.network.to(torch.device("cpu")).eval(), test)


def with_validation_in_training(data: DataSet) -> DataSet:
    """Return the data set whose training split has the validation rows, too, and no others has.

    Examples:
        >>> from mtl_search.data import Target
        >>> splits = {"train": [0, 3], "validation": [1], "test": [2]}
        >>> target = Target(np.array([0, 1, 0, 1]), "binary")
        >>> data = DataSet({"x": np.zeros((4, 2))}, {"y": target}, splits)
        >>> merged = with_validation_in_training(data)
        >>> {name: rows.tolist() for name, rows in merged.splits.items()}
        {'train': [0, 1, 3], 'validation': [], 'test': [2]}
    """
    rows = np.sort(np.concatenate([data.splits["train"], data.splits["validation"]]))
    # Not `dataclasses.replace`: a data set that is checked has no empty split.
    merged = copy.copy(data)
    splits = {**data.splits, "train": rows, "validation": rows[:0]}
    object.__setattr__(merged, "splits", splits)
    return merged
