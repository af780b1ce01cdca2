"""The network of a trial follows from its seed; ranks share it, and draw numbers of their own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor

from mtl_search.config import override
from mtl_search.models.network import MultiTaskNetwork
from mtl_search.training.distributed.communicator import Communicator, SingleProcess
from mtl_search.training.distributed.network_replica import build_replica
from tests.support.trials import CPU, config, data, spec


class _Rank(SingleProcess):
    """One of two ranks; what rank 0 would send is all ones."""

    size = 2

    def __init__(self, rank: int) -> None:
        self.rank = rank

    def broadcast(self, tensors: Sequence[Tensor]) -> None:
        if self.rank:
            for tensor in tensors:
                tensor.data.fill_(1)


def _built(directory: Path, communicator: Communicator, seed: int = 3) -> MultiTaskNetwork:
    return build_replica(spec(config(), directory, seed=seed), data(), CPU, communicator)


def _weights(network: MultiTaskNetwork) -> Tensor:
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def test_the_seed_alone_decides_the_network_and_what_is_drawn_next(tmp_path: Path) -> None:
    first, drawn = _weights(_built(tmp_path, SingleProcess())), torch.rand(3)
    torch.rand(5)
    assert torch.equal(_weights(_built(tmp_path, SingleProcess())), first)
    assert torch.equal(torch.rand(3), drawn)
    assert not torch.equal(_weights(_built(tmp_path, SingleProcess(), seed=4)), first)


def test_heads_are_fitted_to_the_training_labels_of_their_targets(tmp_path: Path) -> None:
    samples = data()
    settings = override(config(), {"tasks.size.target": "flag", "tasks.size.head": "binary"})
    network = build_replica(spec(settings, tmp_path), samples, CPU, SingleProcess())
    own, other = network.heads["flag"], network.heads["size"]
    assert torch.equal(own.trivial_loss, other.trivial_loss)
    sizes = samples.targets["size"].values[samples.splits["train"]]
    fitted = _built(tmp_path, SingleProcess()).heads["size"].state_dict()
    torch.testing.assert_close(float(fitted["mean"]), float(sizes.mean()), rtol=1e-5, atol=0)


def test_a_rank_takes_the_weights_of_rank_0_and_draws_numbers_of_its_own(tmp_path: Path) -> None:
    _built(tmp_path, _Rank(0))
    drawn = torch.rand(3)
    assert bool((_weights(_built(tmp_path, _Rank(1))) == 1).all())
    assert not torch.equal(torch.rand(3), drawn)
