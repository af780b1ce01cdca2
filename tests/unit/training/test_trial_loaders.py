"""The loaders of a trial read what its network needs, in their order and by ranks."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from mtl_search.data.loading.batch import Batch
from mtl_search.models.build import build_network
from mtl_search.training.distributed.communicator import SingleProcess
from mtl_search.training.trial_loaders import TrialLoaders, step_batches
from tests.support.trials import CPU, config, data, spec


class _SecondOfTwo(SingleProcess):
    rank = 1
    size = 2


SAMPLES = data()


def _loaders(directory: Path, communicator: SingleProcess | None = None) -> TrialLoaders:
    settings = config(batch_size=20, eval_batch_size=5)
    network = build_network(settings, SAMPLES)
    ranks = communicator or SingleProcess()
    return TrialLoaders(spec(settings, directory), SAMPLES, network, CPU, None, ranks)


def _rows(split: str) -> Tensor:
    return torch.from_numpy(SAMPLES.inputs["x"][SAMPLES.splits[split]])


def test_evaluation_reads_a_split_in_its_order_and_only_what_the_network_reads(
    tmp_path: Path,
) -> None:
    batches = list(_loaders(tmp_path).evaluation("validation"))
    assert [batch.size for batch in batches] == [5, 5, 5, 1]
    assert torch.equal(torch.cat([batch.inputs["x"] for batch in batches]), _rows("validation"))
    assert batches[0].inputs.keys() == {"x"}
    assert batches[0].targets.keys() == {"kind", "flag", "size"}


def test_training_has_a_new_order_every_epoch_that_the_seed_decides(tmp_path: Path) -> None:
    def epoch(number: int) -> Tensor:
        loader = _loaders(tmp_path).training()
        loader.set_epoch(number)
        return torch.cat([batch.inputs["x"] for batch in loader])

    assert torch.equal(epoch(0), epoch(0))
    assert not torch.equal(epoch(0), epoch(1))
    assert torch.equal(epoch(0).sort(0).values, _rows("train").sort(0).values)


def test_a_rank_reads_its_part_of_every_batch(tmp_path: Path) -> None:
    batches = list(_loaders(tmp_path, _SecondOfTwo()).training())
    assert [(batch.size, batch.total) for batch in batches] == [(10, 20), (10, 20), (4, 8)]


def test_the_last_step_takes_the_batches_that_are_left() -> None:
    batches = [Batch({}, {}, {}, size, size, {}) for size in range(5)]
    steps = [[batch.size for batch in step] for step in step_batches(batches, 2)]
    assert steps == [[0, 1], [2, 3], [4]]


def test_rows_that_ranks_hand_in_find_their_place_in_the_split(tmp_path: Path) -> None:
    assert _loaders(tmp_path).collected_places("validation").tolist() == list(range(16))
    places = _loaders(tmp_path, _SecondOfTwo()).collected_places("validation").tolist()
    # Batches of 5, 5, 5 and 1, of which the first rank has 3, 3, 3 and 1.
    assert places == [0, 1, 2, 5, 6, 7, 10, 11, 12, 15, 3, 4, 8, 9, 13, 14]
