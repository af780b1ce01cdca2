"""The loaders of a trial: what they read of the data set, and this rank's part of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

import torch

from mtl_search.data import DataSet
from mtl_search.data.loading.device_data import DeviceData
from mtl_search.data.loading.loader import Loader
from mtl_search.data.loading.sharding import gathered_places
from mtl_search.data.types import Array
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.training.distributed.communicator import Communicator
from mtl_search.training.trial import TrialSpec

_BatchT = TypeVar("_BatchT")


@dataclass(frozen=True)
class TrialLoaders:
    """Make the loaders of the splits, with the views and targets that the network reads.

    Attributes:
        spec: The trial.
        data: The whole data set.
        network: The network.
        device: The device that batches are put on.
        device_data: The data set on that device; None streams it.
        communicator: The ranks, among which every batch is divided.
    """

    spec: TrialSpec
    data: DataSet
    network: MultiTaskNetwork
    device: torch.device
    device_data: DeviceData | None
    communicator: Communicator

    def training(self) -> Loader:
        """Return the loader of the training split, in a new order every epoch."""
        return self._loader("train", self.spec.config.training.batch_size, shuffle=True)

    def evaluation(self, split: str) -> Loader:
        """Return a loader of a split in its own order."""
        return self._loader(split, self.spec.config.training.eval_batch_size, shuffle=False)

    def collected_places(self, split: str) -> Array:
        """Return the place in the split of each row that is collected of all ranks, (n,)."""
        return gathered_places(self.evaluation(split).totals, self.communicator.size)

    def _loader(self, split: str, batch_size: int, *, shuffle: bool) -> Loader:
        views = [view for views in self.network.views.values() for view in views]
        return Loader(
            self.data,
            split,
            views=list(dict.fromkeys(views)),
            targets=list(dict.fromkeys(self.network.target_names.values())),
            batch_size=batch_size,
            device=self.device,
            shuffle=shuffle,
            consecutive=self.spec.pieces,
            seed=self.spec.seed,
            resident=self.device_data,
            worker=(self.communicator.rank, self.communicator.size),
            count_labels=split == "train",
        )


def step_batches(batches: Iterable[_BatchT], size: int) -> Iterator[list[_BatchT]]:
    """Yield the batches of each step; the last step of an epoch may have fewer."""
    batches = iter(batches)
    while group := list(islice(batches, size)):
        yield group


def samples_by_source(loader: Loader) -> dict[str, float]:
    """Return how many samples an epoch drew from each source of the data set, as metrics.

    Args:
        loader: The loader of the training split.
    """
    return {
        f"train/draws/{source}": float(count) for source, count in loader.samples_by_source.items()
    }
