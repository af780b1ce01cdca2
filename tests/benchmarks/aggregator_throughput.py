"""Samples a second of our loop with an aggregator, and of a hand-written loop that calls torchjd
beside it.

    .venv/bin/python -m tests.benchmarks.aggregator_throughput [--blocks 7]
        [--only mlp] [--threads 1]

The networks, the data and the batches are those of `step_throughput`, without missing labels. The
hand-written loop calls `mtl_backward` on the features and `jac_to_grad` on the shared parameters,
as torchjd's documentation does, and then the same AdamW. Both run in turn, an epoch each; the ratio
is the median over the blocks. At the end the parameters are compared: ours takes inner products in
double precision, so they are the same up to rounding.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import torch
import torchjd.aggregation as jd
from torch import Tensor
from torch.nn import functional as F
from torchjd.autojac import jac_to_grad, mtl_backward

from mtl_search.config import override
from mtl_search.data.datasets.build import build_data
from mtl_search.training.trainer import Trainer
from tests.benchmarks.step_throughput import (
    MODELS,
    PlainLoop,
    Variant,
    largest_difference,
    make_config,
    make_trainer,
    write_arrays,
)

AGGREGATORS: dict[str, Callable[[], jd.Aggregator]] = {
    "sum": jd.Sum,
    "pcgrad": jd.PCGrad,
    "mgda": jd.MGDA,
    "imtl_g": jd.IMTLG,
    "aligned_mtl": jd.AlignedMTL,
    "config": jd.ConFIG,
    "graddrop": jd.GradDrop,
}


class JacobianLoop(PlainLoop):
    """The hand-written training with torchjd."""

    def __init__(self, trainer: Trainer, model: str, aggregator: jd.Aggregator) -> None:
        super().__init__(trainer, model, trainer.data, missing=False)
        self.aggregator = aggregator
        self.shared = list(self.network.trunk.parameters())
        self.heads = [self.network.kind, self.network.sort, self.network.flag, self.network.size]

    def train_epoch(self, batches: Iterator[tuple[Tensor, ...]]) -> None:
        """One epoch."""
        self.network.train()
        for x, kind, sort, flag, size in batches:
            features = self.network.trunk(x)
            losses = [
                self.weights["kind"] * F.cross_entropy(self.network.kind(features), kind),
                self.weights["sort"] * F.cross_entropy(self.network.sort(features), sort),
                self.weights["flag"]
                * F.binary_cross_entropy_with_logits(
                    self.network.flag(features).squeeze(1), flag.float()
                ),
                self.weights["size"] * F.mse_loss(self.network.size(features).squeeze(1), size),
            ]
            self.optimizer.zero_grad()
            mtl_backward(losses, features)
            jac_to_grad(self.shared, self.aggregator)
            self.optimizer.step()


def measure(variant: Variant, name: str, blocks: int) -> tuple[float, float, list[float], float]:
    """Median samples a second of ours and by hand, the ratio of each block, and how far the
    parameters part.
    """
    shape, samples, _ = MODELS[variant.model]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        plain = make_config(write_arrays(folder, shape, samples, missing=False), variant)
        config = override(plain, {"training.aggregator": name})
        data = build_data(config.data, config.seed)
        trainer = make_trainer(config, data, folder)
        by_hand = JacobianLoop(trainer, variant.model, AGGREGATORS[name]())
        ours, theirs = [], []
        for epoch in range(blocks + 1):
            trainer.progress.epoch = epoch
            ours.append(_seconds(trainer.train_epoch))
            batches = by_hand.batches_by_slice(epoch, variant.batch_size)
            theirs.append(_seconds(partial(by_hand.train_epoch, batches)))
        rates = [[(samples - 64) / seconds for seconds in found[1:]] for found in (ours, theirs)]
        ratios = [one / other for one, other in zip(*rates, strict=True)]
        return (
            statistics.median(rates[0]),
            statistics.median(rates[1]),
            ratios,
            largest_difference(trainer, by_hand.network),
        )


def _seconds(work: Callable[[], object]) -> float:
    began = time.process_time()
    work()
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--blocks",
        type=int,
        default=7,
        help="epochs of each loop that are timed, in processor time",
    )
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", choices=list(MODELS), help="one model")
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    for model in [wanted.only] if wanted.only else MODELS:
        for batch_size in (64, 512):
            for name in AGGREGATORS:
                ours, rival, ratios, difference = measure(
                    Variant(model, batch_size, False, False), name, wanted.blocks
                )
                print(
                    f"{model} batch {batch_size:3d} {name:12s} ours {ours:8.0f}/s  by hand "
                    f"{rival:8.0f}/s  ratio "
                    f"{statistics.median(ratios):.3f} ({min(ratios):.3f} .. {max(ratios):.3f})  "
                    f"parameters {difference:.1e} apart"
                )


if __name__ == "__main__":
    main()
