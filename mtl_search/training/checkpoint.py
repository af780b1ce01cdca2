"""Checkpoints of a trial: safetensors, JSON, and optimiser state that loads with `weights_only`.

    <trial>/last   where an interrupted trial goes on: network, optimiser, random state, progress
    <trial>/best   the network at its best epoch, with what is needed to build it without the data
    <trial>/kept   the best network at the time of `last`, where `best` is a later one

Each is written under another name and moved into its place, so that a process that dies while it
writes leaves the old one whole.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from mtl_search.storage.trial_directory import TrialDirectory
from mtl_search.training.distributed.communicator import Communicator

_BEST_AT_LAST = "kept"  # the folder's name, which older sweeps have on disk


@dataclass
class Progress:
    """Hold how far a trial is.

    Attributes:
        epoch: The number of epochs done.
        best: The best objective; higher is better.
        best_epoch: The epoch of `best`, from 1; 0 before the first.
        since_improvement: Epochs since the objective last rose by more than `min_delta`.
        anchor: The objective that the next improvement is measured from.
        metrics: The metrics of the last epoch.
        best_metrics: The metrics of the epoch of `best`.
        anchor_metrics: The metrics of the epoch of `anchor`.
        seconds: The time of training and validation so far.
    """

    epoch: int = 0
    best: float = float("-inf")
    best_epoch: int = 0
    since_improvement: int = 0
    anchor: float = float("-inf")
    metrics: dict[str, float] = field(default_factory=dict)
    best_metrics: dict[str, float] = field(default_factory=dict)
    anchor_metrics: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    def update(self, objective: float, metrics: dict[str, float], min_delta: float) -> None:
        """Record the objective of the epoch that just ended, and the metrics behind it."""
        if objective > self.best:
            self.best = objective
            self.best_epoch = self.epoch
            self.best_metrics = metrics
        if objective > self.anchor + min_delta:
            self.anchor = objective
            self.anchor_metrics = metrics
            self.since_improvement = 0
        else:
            self.since_improvement += 1

    def recomputed(self, objective: Callable[[dict[str, float]], float]) -> tuple[float, float]:
        """Return `best` and `anchor` by an objective whose references may have changed since."""
        if not self.best_metrics:
            return self.best, self.anchor
        return objective(self.best_metrics), objective(self.anchor_metrics)


def exists(directory: TrialDirectory) -> bool:
    """Return whether the trial has a checkpoint; one that another node has written is fetched."""
    directory.fetch()
    return directory.has("last")


class Stateful(Protocol):
    """Describe what has a state besides the network's: optimiser, schedule, step."""

    def state_dict(self) -> dict[str, Any]:
        """Return tensors, numbers and texts, in lists and mappings."""

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        """Go on from a state that `state_dict` returned."""


def save(
    directory: TrialDirectory,
    network: nn.Module,
    stateful: Mapping[str, Stateful],
    progress: Progress,
    communicator: Communicator,
) -> None:
    """Write `last`: everything that the next epoch depends on. All ranks call it, rank 0 writes.

    Ranks differ only in their random states (dropout draws other numbers on each); `last` holds
    those of all ranks.
    """
    states = [torch.get_rng_state()]
    if torch.cuda.is_available():
        states.append(torch.cuda.get_rng_state())
    random = communicator.gather([state.unsqueeze(0) for state in states])  # one row a rank

    def write(folder: Path) -> None:
        save_file(tensors_of(network), folder / "model.safetensors")
        state: dict[str, Any] = {name: part.state_dict() for name, part in stateful.items()}
        write_state(folder, state | {"random": random})
        (folder / "progress.json").write_text(json.dumps(asdict(progress)), encoding="utf-8")

    communicator.run_on_rank_zero(lambda: directory.write("last", write))


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """Write the part of a checkpoint that is not the network."""
    written = io.BytesIO()  # on a full disk torch's own writer raises an error that does not say so
    torch.save(state, written)
    (folder / "optimizer.pt").write_bytes(written.getbuffer())


def load(
    directory: TrialDirectory,
    network: nn.Module,
    stateful: Mapping[str, Stateful],
    communicator: Communicator,
) -> Progress:
    """Restore what `save` wrote. Rank 0 reads: the others may be where its files are not.

    A rank that did not exist when the checkpoint was written keeps its own random state.
    """
    communicator.run_on_rank_zero(lambda: _load_network(network, directory.folder / "last"))
    communicator.broadcast(state_tensors(network))
    written = communicator.run_on_rank_zero(lambda: directory.read("last", "optimizer.pt"))
    state = torch.load(io.BytesIO(written), weights_only=True, map_location="cpu")
    for name, part in stateful.items():
        part.load_state_dict(state[name])
    cpu, *cuda = state["random"]
    rank = communicator.rank
    if rank < len(cpu):
        torch.set_rng_state(cpu[rank].clone())  # torch crashes on a row of a larger tensor
        if cuda and torch.cuda.is_available():
            torch.cuda.set_rng_state(cuda[0][rank].clone())
    written = communicator.run_on_rank_zero(lambda: directory.read("last", "progress.json"))
    progress = Progress(**json.loads(written))
    communicator.run_on_rank_zero(lambda: _restore_best(directory, progress.best_epoch))
    return progress


def state_tensors(network: nn.Module) -> list[torch.Tensor]:
    """Return parameters and all buffers, stored or not: what must be the same on all ranks."""
    return [*network.parameters(), *network.buffers()]


def save_best(
    directory: TrialDirectory, tensors: Mapping[str, torch.Tensor], card: Mapping[str, Any]
) -> None:
    """Write `best`: a network, and what is needed to build it.

    Args:
        directory: The trial's folder.
        tensors: Parameters and buffers; see `tensors_of`.
        card: Its `epoch` says when the network was so.
    """

    def write(folder: Path) -> None:
        save_file(dict(tensors), folder / "model.safetensors")
        (folder / "model.json").write_text(json.dumps(card), encoding="utf-8")

    _backup_best(directory)
    directory.write("best", write)


def _backup_best(directory: TrialDirectory) -> None:
    """Copy the best network that `last` knows aside, before a later one takes its place.

    A trial that goes on from `last` may go another way (smaller batches, another GPU's rounding),
    and find no better network.
    """
    best_at_last = _read_number(directory, "last", "progress.json", "best_epoch")
    if best_at_last and best_at_last == _read_number(directory, "best", "model.json", "epoch"):
        directory.copy("best", _BEST_AT_LAST)


def _restore_best(directory: TrialDirectory, best_at_last: int) -> None:
    """Put the best network that `last` knows back into `best`, if a later one is there."""
    if _read_number(directory, "best", "model.json", "epoch") == best_at_last:
        return
    if _read_number(directory, _BEST_AT_LAST, "model.json", "epoch") == best_at_last:
        directory.copy(_BEST_AT_LAST, "best")


def _read_number(directory: TrialDirectory, part: str, file: str, key: str) -> int | None:
    """Return a number of a part's JSON file; None where there is none."""
    try:
        number: int | None = json.loads(directory.read(part, file)).get(key)
    except FileNotFoundError:
        return None
    return number


def load_best(directory: TrialDirectory, network: nn.Module, communicator: Communicator) -> None:
    """Load the network's parameters as they were at its best epoch; rank 0 reads."""
    communicator.run_on_rank_zero(lambda: _load_network(network, directory.folder / "best"))
    communicator.broadcast(state_tensors(network))


def _load_network(network: nn.Module, folder: Path) -> None:
    network.load_state_dict(load_file(folder / "model.safetensors"))


def tensors_of(network: nn.Module) -> dict[str, torch.Tensor]:
    """Return copies of parameters and buffers: safetensors refuses two names for one memory."""
    return {
        name: tensor.detach().clone(memory_format=torch.contiguous_format)
        for name, tensor in network.state_dict().items()
    }
