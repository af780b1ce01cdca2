"""Checkpoints of a trial: safetensors, JSON, and optimiser state that loads with `weights_only`; never a pickle.

    <trial>/last   where an interrupted trial goes on: network, optimiser, schedule, random state, progress
    <trial>/best   the network at its best epoch, with all that is needed to build it again without the data
    <trial>/kept   the best network at the time of `last`, where `best` is a later one

Each is written beside its place and moved in, so that a process that dies while it writes leaves the old one whole.
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

from mtl_search.config import to_dict
from mtl_search.data import DataSet
from mtl_search.data.spec import data_spec
from mtl_search.storage.trial_directory import TrialDirectory
from mtl_search.training.distributed.communicator import Communicator
from mtl_search.training.trial import TrialSpec


@dataclass
class Progress:
    """How far a trial is.

    Attributes:
        epoch: Epochs done.
        best: Best objective, higher is better.
        best_epoch: The epoch of `best`, from 1; 0 before the first.
        since_improvement: Epochs since the objective last rose by more than the wanted delta.
        anchor: The objective that the next improvement is measured from.
        metrics: Of the last epoch.
        best_metrics: Of the epoch of `best`.
        anchor_metrics: Of the epoch of `anchor`.
        seconds: Training and validation so far.
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
        """Take in the objective of the epoch that just ended, and what it was worked out from."""
        if objective > self.best:
            self.best, self.best_epoch, self.best_metrics = objective, self.epoch, metrics
        if objective > self.anchor + min_delta:
            self.anchor, self.since_improvement, self.anchor_metrics = objective, 0, metrics
        else:
            self.since_improvement += 1

    def judged(self, objective: Callable[[dict[str, float]], float]) -> tuple[float, float]:
        """`best` and `anchor` by this objective, which has another reference where the sweep was extended since."""
        if not self.best_metrics:
            return self.best, self.anchor
        return objective(self.best_metrics), objective(self.anchor_metrics)


def exists(place: TrialDirectory) -> bool:
    """Whether the trial can go on from a checkpoint; one that another node has written is fetched."""
    place.fetch()
    return place.has("last")


class Stateful(Protocol):
    """Optimiser, schedule, weighting: what has a state beside the network's."""

    def state_dict(self) -> dict[str, Any]:
        """Tensors, numbers and texts, in lists and mappings."""

    def load_state_dict(self, state: dict[str, Any], /) -> None:
        """Go on from such a state."""


def save(
    place: TrialDirectory,
    network: nn.Module,
    parts: Mapping[str, Stateful],
    progress: Progress,
    peers: Communicator,
) -> None:
    """Write `last`: everything that the next epoch depends on. All ranks call it, rank 0 writes.

    Of the ranks only the random states differ (dropout draws other numbers on each); all of them are kept.
    """
    states = [
        torch.get_rng_state(),
        *([torch.cuda.get_rng_state()] if torch.cuda.is_available() else []),
    ]
    random = peers.gather([state.unsqueeze(0) for state in states])  # one row a rank

    def write(folder: Path) -> None:
        save_file(_tensors(network), folder / "model.safetensors")
        state: dict[str, Any] = {name: part.state_dict() for name, part in parts.items()}
        write_state(folder, state | {"random": random})
        (folder / "progress.json").write_text(json.dumps(asdict(progress)), encoding="utf-8")

    peers.run_on_rank_zero(lambda: place.write("last", write))


def write_state(folder: Path, state: dict[str, Any]) -> None:
    """Write what a checkpoint holds beside the network."""
    written = io.BytesIO()  # on a full disk torch's own writer raises an error that does not say so
    torch.save(state, written)
    (folder / "optimizer.pt").write_bytes(written.getbuffer())


def load(
    place: TrialDirectory, network: nn.Module, parts: Mapping[str, Stateful], peers: Communicator
) -> Progress:
    """Take the trial up where `save` left it. Rank 0 reads: the others may be where its files are not.

    A rank that was not there when the checkpoint was written keeps the random state that it has.
    """
    peers.run_on_rank_zero(lambda: _load_network(network, place.folder / "last"))
    peers.broadcast(state_tensors(network))
    written = peers.broadcast_bytes(lambda: place.read("last", "optimizer.pt"))
    state = torch.load(io.BytesIO(written), weights_only=True, map_location="cpu")
    for name, part in parts.items():
        part.load_state_dict(state[name])
    cpu, *cuda = state["random"]
    if peers.rank < len(cpu):
        torch.set_rng_state(cpu[peers.rank].clone())  # torch crashes on a row of a larger tensor
        if cuda and torch.cuda.is_available():
            torch.cuda.set_rng_state(cuda[0][peers.rank].clone())
    progress = Progress(
        **json.loads(peers.broadcast_bytes(lambda: place.read("last", "progress.json")))
    )
    peers.run_on_rank_zero(lambda: _restore_best(place, progress.best_epoch))
    return progress


def state_tensors(network: nn.Module) -> list[torch.Tensor]:
    """Parameters and buffers, also those that are not stored: all that must be the same on all ranks."""
    return [*network.parameters(), *network.buffers()]


def save_best(
    place: TrialDirectory, network: nn.Module, spec: TrialSpec, data: DataSet, epoch: int
) -> None:
    """Write `best`: the network after this epoch, its config and the shape of its data."""

    def write(folder: Path) -> None:
        save_file(_tensors(network), folder / "model.safetensors")
        card = {
            "trial": spec.id,
            "seed": spec.seed,
            "config": to_dict(spec.config),
            "data": data_spec(data).to_json(),
        }
        (folder / "model.json").write_text(json.dumps(card | {"epoch": epoch}), encoding="utf-8")

    _backup_best(place)
    place.write("best", write)


def _backup_best(place: TrialDirectory) -> None:
    """Put the best network that `last` knows aside, before a later one takes its place.

    A trial that goes on from `last` may go another way (smaller batches, sums of a GPU), and find none that is better.
    """
    epoch = _number(place, "last", "progress.json", "best_epoch")
    if epoch and epoch == _number(place, "best", "model.json", "epoch"):
        place.copy("best", "kept")


def _restore_best(place: TrialDirectory, epoch: int) -> None:
    """Put the best network that `last` knows in its place again, if another one is there."""
    if (
        _number(place, "best", "model.json", "epoch")
        != epoch
        == _number(place, "kept", "model.json", "epoch")
    ):
        place.copy("kept", "best")


def _number(place: TrialDirectory, part: str, file: str, key: str) -> int | None:
    """A number of a part's JSON; None where there is none."""
    try:
        found: int | None = json.loads(place.read(part, file)).get(key)
    except FileNotFoundError:
        return None
    return found


def load_best(place: TrialDirectory, network: nn.Module, peers: Communicator) -> None:
    """The network's parameters as they were at its best epoch; rank 0 reads."""
    peers.run_on_rank_zero(lambda: _load_network(network, place.folder / "best"))
    peers.broadcast(state_tensors(network))


def _load_network(network: nn.Module, folder: Path) -> None:
    network.load_state_dict(load_file(folder / "model.safetensors"))


def _tensors(network: nn.Module) -> dict[str, torch.Tensor]:
    """Parameters and buffers without memory that two names share, which safetensors refuses."""
    return {
        name: tensor.detach().contiguous().clone() for name, tensor in network.state_dict().items()
    }
