"""Samples a second of our loop on several workers, and of a hand-written `DistributedDataParallel`
loop beside it.

    .venv/bin/python -m tests.benchmarks.step_throughput --workers 2 [--blocks 9] [--only mlp]

The networks, the data and the batches are those of `step_throughput`; the global batch is split
evenly. The hand-written loop averages each worker's mean losses, as DDP does, so with missing
labels it computes something else than ours; the work is the same. The workers are started as
`torchrun` starts them. Both loops run in the same processes, an epoch each in turn, between
barriers.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.launcher.api import LaunchConfig, elastic_launch
from torch.nn.parallel import DistributedDataParallel

from mtl_search.data.datasets.build import build_data
from mtl_search.data.loading.device_data import DeviceData
from mtl_search.data.loading.sharding import shard_bounds
from mtl_search.metrics.objective import Objective
from mtl_search.training.distributed.communicator import ProcessGroupCommunicator
from mtl_search.training.trainer import Trainer
from mtl_search.training.trial import TrialSpec
from tests.benchmarks.step_throughput import (
    GOAL,
    MODELS,
    PlainLoop,
    Variant,
    largest_difference,
    make_config,
    write_arrays,
)

_CPU = torch.device("cpu")


class DdpLoop(PlainLoop):
    """The hand-written training on one of several workers."""

    def __init__(self, trainer: Trainer, variant: Variant, rank: int, workers: int) -> None:
        super().__init__(trainer, variant.model, trainer.data, missing=variant.missing)
        self.network = DistributedDataParallel(self.network)  # type: ignore[assignment]
        self.part = rank, workers

    def own_parts(self, epoch: int, size: int) -> Iterator[tuple[Tensor, ...]]:
        """This worker's part of each batch: rows first, so that only these are copied."""
        for rows in self.permutation(epoch).split(size):
            start, stop = shard_bounds(len(rows), self.part)
            own = rows[start:stop]
            yield self.x[own], self.kind[own], self.sort[own], self.flag[own], self.size[own]

    def train_own_parts(self, epoch: int, size: int) -> None:
        """Train on this worker's part of every batch of an epoch."""
        self.train_epoch(self.own_parts(epoch, size))


def measure(
    variant: Variant, blocks: int, workers: int, threads: int
) -> tuple[float, float, list[float], float]:
    """Median samples a second of ours and of the hand-written loop, the ratio of each block, and
    how far they part.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shape, samples, _ = MODELS[variant.model]
        write_arrays(folder, shape, samples, missing=variant.missing)
        # What `torchrun --standalone --nproc-per-node` does, with a function for a script.
        launch = LaunchConfig(
            1,
            1,
            workers,
            run_id="ddp",
            rdzv_backend="c10d",
            rdzv_endpoint="localhost:0",
            max_restarts=0,
        )
        elastic_launch(launch, _worker)(variant, blocks, threads, folder)
        ours, theirs, difference = torch.load(folder / "seconds.pt")
    samples -= 64
    rates = [samples / seconds for seconds in ours], [samples / seconds for seconds in theirs]
    ratios = [one / other for one, other in zip(*rates, strict=True)]
    return statistics.median(rates[0]), statistics.median(rates[1]), ratios, difference


def _worker(variant: Variant, blocks: int, threads: int, folder: Path) -> None:
    torch.set_num_threads(threads)
    dist.init_process_group("gloo", timeout=timedelta(minutes=5))
    rank, workers = dist.get_rank(), dist.get_world_size()
    config = make_config(folder / "arrays.npz", variant)
    data = build_data(config.data, config.seed)
    spec = TrialSpec(
        "t", config, 0, Objective({"kind": ("accuracy",)}, "primary"), str(folder / f"trial_{rank}")
    )
    trainer = Trainer(
        spec, data, _CPU, DeviceData(data, _CPU), communicator=ProcessGroupCommunicator(_CPU)
    )
    by_hand = DdpLoop(trainer, variant, rank, workers)
    ours, theirs = [], []
    for epoch in range(blocks + 1):
        trainer.progress.epoch = epoch
        ours.append(_seconds(trainer.train_epoch))
        theirs.append(_seconds(partial(by_hand.train_own_parts, epoch, variant.batch_size)))
    if rank == 0:
        difference = largest_difference(trainer, by_hand.network.module)  # type: ignore[arg-type]
        torch.save((ours[1:], theirs[1:], difference), folder / "seconds.pt")
    dist.destroy_process_group()


def _seconds(work: Callable[[], object]) -> float:
    dist.barrier()
    began = time.perf_counter()
    work()
    dist.barrier()
    return time.perf_counter() - began


def report(variants: list[Variant], blocks: int, workers: int, threads: int) -> None:
    """Measure and print every variant."""
    for variant in variants:
        name = f"{variant.model} batch {variant.batch_size}"
        name += (", missing labels" if variant.missing else "") + (
            ", with training metrics" if variant.metrics else ""
        )
        ours, rival, ratios, difference = measure(variant, blocks, workers, threads)
        ratio = statistics.median(ratios)
        verdict = "" if variant.metrics else "  ok" if ratio >= GOAL else f"  BELOW {GOAL}"
        print(
            f"{name:44s} ours {ours:9.0f}/s  DDP {rival:9.0f}/s  "
            f"ratio {ratio:.3f} ({min(ratios):.3f} .. {max(ratios):.3f}){verdict}  parameters "
            f"{difference:.1e} apart"
        )
