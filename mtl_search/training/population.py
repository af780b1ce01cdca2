"""What a member of a population takes over from another one, and what it keeps of its own.

It takes over the network and all that has been learned beside it: the state of optimiser and balance. It keeps its own
settings (learning rate, other arguments of the optimiser, factors), its progress, its best network and its random
numbers.
"""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

import torch
from torch.optim import Optimizer
from torch.optim.lr_scheduler import LRScheduler

from mtl_search.config import Member
from mtl_search.training import checkpoint
from mtl_search.training.place import Place


def take_over(donor: Place, member: Place) -> None:
    """Put the donor's checkpoint in place of the member's, but for its progress and random numbers.

    Doing it again changes nothing, as long as the donor stays where it is.

    Raises:
        FileNotFoundError: One of them has no checkpoint.
        OSError: They cannot be read or written.
    """
    for place in (donor, member):
        if not checkpoint.exists(place):
            raise FileNotFoundError(f"{place.folder} holds no checkpoint")
    state, own = _state(donor), _state(member)
    progress = member.read("last", "progress.json")

    def write(folder: Path) -> None:
        shutil.copyfile(donor.folder / "last" / "model.safetensors", folder / "model.safetensors")
        checkpoint.write_state(folder, state | {"random": own["random"]})
        (folder / "progress.json").write_bytes(progress)

    member.write("last", write)


def _state(place: Place) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(place.folder / "last" / "optimizer.pt", weights_only=True, map_location="cpu")
    return state


class OwnSettings:
    """Settings of an optimiser as its config has them, to be put back after another's state was loaded.

    Args:
        optimizer: Fresh.
        schedule: Fresh; it is not to be loaded, but goes on from its own beginning.
        config: Of the optimiser; what it names is a setting, and what else is in a group belongs to the state.
    """

    def __init__(self, optimizer: Optimizer, schedule: LRScheduler | None, config: Member) -> None:
        self._optimizer, self._schedule = optimizer, schedule
        names = {"lr", "initial_lr", "factor", *config.arguments}
        self._groups = [{name: group[name] for name in names & group.keys()} for group in optimizer.param_groups]

    def put_back(self, epoch: int) -> None:
        """The settings, and with them the learning rate that the schedule makes of its own after so many epochs."""
        for group, own in zip(self._optimizer.param_groups, self._groups, strict=True):
            group.update(own)
        if self._schedule is None:
            return
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # "step() before optimizer.step()", which is meant so here
            for _ in range(epoch):
                self._schedule.step()
