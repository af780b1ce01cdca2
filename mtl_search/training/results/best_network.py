"""The network of a trial's best epoch, which stays in memory until it has to be on the disk."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Any

from torch import Tensor

from mtl_search.config import to_stored
from mtl_search.data import DataSet
from mtl_search.data.spec import data_spec
from mtl_search.errors import DiskFullError
from mtl_search.models.backbones.pretrained import architecture_of
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.storage.trial_directory import TrialDirectory
from mtl_search.training import checkpoint
from mtl_search.training.results.network_copy import NetworkCopy
from mtl_search.training.trial import TrialSpec

logger = logging.getLogger(__name__)

# Copies of a network of this size take about a millisecond. A larger one would fill the memory of a
# GPU, and its epochs take so long that a file more is nothing.
_MOST_BYTES = 4 * 2**20


class BestNetwork:
    """Remember the network as it was after its best epoch, and write it when it is asked to.

    A small network gets better in most epochs, and a file takes longer than such an epoch. So the
    trainer writes it only where someone may look for it: before `last`, which says what epoch was
    the best; before a report after which the trial may be over; and where the trial has failed.

    Args:
        directory: The trial's folder.
        network: The network, which goes on training.
        spec: The trial.
        data: The data set.
    """

    def __init__(
        self, directory: TrialDirectory, network: MultiTaskNetwork, spec: TrialSpec, data: DataSet
    ) -> None:
        self._directory = directory
        self._network = network
        self._copy = NetworkCopy(network)
        self._is_small = sum(x.nbytes for x in checkpoint.state_tensors(network)) <= _MOST_BYTES
        self._spec = spec
        self._data = data
        self._waiting: tuple[int, dict[str, Tensor]] | None = None  # epoch, and tensors

    def remember(self, epoch: int) -> None:
        """Keep the network as it is now; a large one is written at once.

        Args:
            epoch: The epochs that it was trained for.
        """
        if self._is_small:
            self._waiting = epoch, self._copy.take()
            return
        self._waiting = epoch, checkpoint.tensors_of(self._network)
        self.write()

    def write(self) -> None:
        """Write the network to `best`, if it is not there yet.

        Raises:
            DiskFullError: There is no room.
        """
        if self._waiting is not None:
            epoch, tensors = self._waiting
            checkpoint.save_best(self._directory, tensors, {**self._card, "epoch": epoch})
            self._waiting = None

    def write_after_failure(self) -> None:
        """Write the network of a trial that has failed, where that can still be done."""
        try:
            self.write()
        except DiskFullError:
            return  # of which the sweep has heard, or hears with the next trial's checkpoint
        except Exception as error:  # noqa: BLE001  the failure that is reported came first
            logger.warning("the best network of trial %s is lost: %s", self._spec.id, error)

    @cached_property
    def _card(self) -> dict[str, Any]:
        """What is needed to build the network without the data."""
        card = {
            "format": 1,
            "trial": self._spec.id,
            "seed": self._spec.seed,
            "config": to_stored(self._spec.config),
            "data": data_spec(self._data).to_json(),
        }
        if (architecture := architecture_of(self._network)) is not None:
            card["architecture"] = architecture
        return card
