"""Samples a second of our training loop and of a hand-written torch loop, on the same model and the
same batches.

    .venv/bin/python -m tests.benchmarks.step_throughput [--blocks 9] [--clock cpu] [--only mlp]
        [--threads 1]

With `--workers 2` the rival is a hand-written `DistributedDataParallel` loop: see
`step_throughput_ddp`.

Four tasks on one shared trunk: two of several classes, one yes-or-no, one real number. Ours is
`Trainer.train_epoch`, reached through the config and the `arrays` data set as by a user. The hand-
written loop is an `nn.Sequential` trunk, four `nn.Linear` heads, torch's functional losses, a
weighted sum, `zero_grad`, `backward`, `step`: no metrics, no running loss. It is timed with both
ways of making batches that people write, and the faster one counts: `x[rows]` a batch, and
`x[permutation]` once an epoch, then slices.

Both start from the same weights, with the same AdamW (fused). At the end the script compares their
parameters, which must be equal to the last bit: the two did the same work (up to rounding where
labels are missing). They run in turn, an epoch each, and the ratio is the median over the blocks of
(our samples a second) / (theirs); goal: 0.95.

`missing` has no label for about a third of two targets; `metrics` also computes the training
metrics, which is our default and which the hand-written loop does not do. `--clock cpu` counts the
process' own processor time, for a machine that others use, too.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from mtl_search.config import Config, load_config
from mtl_search.data import DataSet
from mtl_search.data.datasets.build import build_data
from mtl_search.data.loading.device_data import DeviceData
from mtl_search.metrics.objective import Objective
from mtl_search.training.trainer import Trainer
from mtl_search.training.trial import TrialSpec
from tests.benchmarks.plain_networks import plain_network

WEIGHTS = {"kind": 1.0, "sort": 0.5, "flag": 2.0, "size": 0.25}
CLASSES = {"kind": 10, "sort": 5}
GOAL = 0.95
_CPU = torch.device("cpu")

# Of one sample, how many samples, and the backbone.
MODELS: dict[str, tuple[tuple[int, ...], int, dict[str, Any]]] = {
    "mlp": ((128,), 32_768, {"name": "mlp", "widths": [128, 128, 64]}),
    "convnet": ((1, 28, 28), 4_096, {"name": "convnet", "channels": [16, 32], "dense": [64]}),
}


@dataclass(frozen=True)
class Variant:
    """One line of the table."""

    model: str
    batch_size: int
    missing: bool
    metrics: bool


class PlainLoop:
    """The hand-written training on the trainer's device: data as tensors, losses by hand."""

    def __init__(self, trainer: Trainer, model: str, data: DataSet, *, missing: bool) -> None:
        self.data, self.missing, device = data, missing, trainer.device
        self.network = plain_network(model).to(device)
        copy_weights(trainer, self.network)
        self.optimizer: torch.optim.Optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=1e-3, fused=True
        )
        rows = torch.from_numpy(data.splits["train"])
        self.x = torch.from_numpy(np.asarray(data.inputs["x"]))[rows].to(device)
        size = torch.from_numpy(data.targets["size"].values)[rows].to(device)
        scaling = trainer.heads["size"].state_dict()
        self.size = (size - scaling["mean"]) / scaling["std"]
        self.kind, self.sort, self.flag = (
            torch.from_numpy(data.targets[name].values)[rows].to(device)
            for name in ("kind", "sort", "flag")
        )
        self.weights = WEIGHTS
        # Our loop's order, to make the same batches: sample numbers within the split.
        self.position = np.zeros(len(data), dtype=np.int64)
        self.position[data.splits["train"]] = np.arange(len(rows))

    def permutation(self, epoch: int) -> Tensor:
        """Order the epoch by the trial's seed, so that both loops see the same batches."""
        order = np.random.default_rng([0, epoch]).permutation(self.data.splits["train"])
        return torch.from_numpy(self.position[order]).to(self.x.device)

    def batches_by_row(self, epoch: int, size: int) -> Iterator[tuple[Tensor, ...]]:
        """`x[rows]` for each batch."""
        for rows in self.permutation(epoch).split(size):
            yield self.x[rows], self.kind[rows], self.sort[rows], self.flag[rows], self.size[rows]

    def batches_by_slice(self, epoch: int, size: int) -> Iterator[tuple[Tensor, ...]]:
        """`x[permutation]` once, then slices."""
        rows = self.permutation(epoch)
        x, kind, sort, flag, real = (
            self.x[rows],
            self.kind[rows],
            self.sort[rows],
            self.flag[rows],
            self.size[rows],
        )
        for i in range(0, len(rows), size):
            yield (
                x[i : i + size],
                kind[i : i + size],
                sort[i : i + size],
                flag[i : i + size],
                real[i : i + size],
            )

    def train_epoch(self, batches: Iterator[tuple[Tensor, ...]]) -> None:
        """One epoch."""
        self.network.train()
        for batch in batches:
            loss = self.loss(*batch)
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()

    def loss(self, x: Tensor, kind: Tensor, sort: Tensor, flag: Tensor, size: Tensor) -> Tensor:
        """Weighted sum over the tasks."""
        w = self.weights
        out_kind, out_sort, out_flag, out_size = self.network(x)
        return (
            w["kind"] * F.cross_entropy(out_kind, kind, ignore_index=-1)
            + w["sort"] * self.cross_entropy(out_sort, sort)
            + w["flag"] * F.binary_cross_entropy_with_logits(out_flag, flag.float())
            + w["size"] * self.mse(out_size, size)
        )

    def cross_entropy(self, output: Tensor, target: Tensor) -> Tensor:
        """Mean over the labelled samples."""
        if not self.missing:
            return F.cross_entropy(output, target)
        return F.cross_entropy(output, target, ignore_index=-1, reduction="sum") / (
            target != -1
        ).sum().clamp(min=1)

    def mse(self, output: Tensor, target: Tensor) -> Tensor:
        """Mean over the labelled samples."""
        if not self.missing:
            return F.mse_loss(output, target)
        known = ~target.isnan()
        losses = (output - target.nan_to_num(0.0)).square() * known
        return losses.sum() / known.sum().clamp(min=1)


def copy_weights(trainer: Trainer, plain: nn.Module) -> None:
    """Our initial parameters and buffers into the hand-written network; both list them in the same
    order.
    """
    with torch.no_grad():
        for target, source in zip(plain.parameters(), trainer.network.parameters(), strict=True):
            target.copy_(source)


def largest_difference(trainer: Trainer, plain: nn.Module) -> float:
    """Between the parameters of the two; 0 when they did the same work."""
    pairs = zip(plain.parameters(), trainer.network.parameters(), strict=True)
    return max(float((a - b).detach().abs().max()) for a, b in pairs)


def write_arrays(folder: Path, shape: tuple[int, ...], samples: int, *, missing: bool) -> Path:
    """Random arrays; their content does not matter for the time."""
    rng = np.random.default_rng(0)
    arrays: dict[str, Any] = {"x": rng.normal(size=(samples, *shape)).astype(np.float32)}
    arrays |= {name: rng.integers(0, classes, samples) for name, classes in CLASSES.items()}
    arrays |= {
        "flag": rng.integers(0, 2, samples),
        "size": rng.normal(50, 20, samples).astype(np.float32),
    }
    if missing:
        arrays["sort"][rng.random(samples) < 1 / 3] = -1
        arrays["size"][rng.random(samples) < 1 / 3] = np.nan
    rows = np.arange(samples)  # all but a few samples are for training: only that is timed
    arrays |= {"train": rows[:-64], "validation": rows[-64:-32], "test": rows[-32:]}
    path = folder / "arrays.npz"
    np.savez(path, **arrays)
    return path


def make_config(path: Path, variant: Variant) -> Config:
    """As a user would write it."""
    heads = {"kind": "softmax", "sort": "softmax", "flag": "binary", "size": "regression"}
    kinds = {"kind": "class", "sort": "class", "flag": "binary", "size": "real"}
    splits = {name: name for name in ("train", "validation", "test")}
    return load_config(
        {
            "name": "step_throughput",
            "data": {
                "name": "arrays",
                "path": str(path),
                "inputs": ["x"],
                "targets": kinds,
                "splits": splits,
            },
            "tasks": {
                task: {"head": head, "loss_weight": WEIGHTS[task]} for task, head in heads.items()
            },
            "model": {"backbone": MODELS[variant.model][2]},
            "training": {
                "batch_size": variant.batch_size,
                "optimizer": {"name": "adamw", "lr": 1e-3},
                "loss_scale": "none",
                "train_metrics": variant.metrics,
            },
        }
    )


def make_trainer(
    config: Config, data: DataSet, folder: Path, device: torch.device = _CPU
) -> Trainer:
    """As a slot makes it."""
    objective = Objective({"kind": ("accuracy",)}, "primary")
    return Trainer(
        TrialSpec("t", config, 0, objective, str(folder)), data, device, DeviceData(data, device)
    )


def seconds(clock: Callable[[], float], work: Callable[[], object]) -> float:
    """What the work takes."""
    began = clock()
    work()
    return clock() - began


def measure(
    variant: Variant, blocks: int, clock: Callable[[], float]
) -> tuple[float, float, list[float]]:
    """Median samples a second of ours and of the faster hand-written loop, and the ratio of each
    block.
    """
    shape, samples, _ = MODELS[variant.model]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = make_config(write_arrays(folder, shape, samples, missing=variant.missing), variant)
        data = build_data(config.data, config.seed)
        trainer = make_trainer(config, data, folder)
        by_row, by_slice = (
            PlainLoop(trainer, variant.model, data, missing=variant.missing) for _ in range(2)
        )
        ours, rival, best = rates(trainer, by_row, by_slice, blocks, clock)
        difference = largest_difference(trainer, by_row.network)
        print(f"    faster batches by hand: {best}; parameters differ by at most {difference:g}")
    return (
        statistics.median(ours),
        statistics.median(rival),
        [a / b for a, b in zip(ours, rival, strict=True)],
    )


def rates(
    trainer: Trainer,
    by_row: PlainLoop,
    by_slice: PlainLoop,
    blocks: int,
    clock: Callable[[], float],
) -> tuple[list[float], list[float], str]:
    """Samples a second of ours and of the faster hand-written loop, block by block; and how that
    makes its batches.
    """
    size = trainer.config.batch_size
    found: dict[str, list[float]] = {"ours": [], "x[rows]": [], "x[permutation], then slices": []}
    for epoch in range(blocks + 1):
        trainer.progress.epoch = epoch
        work: dict[str, Callable[[], object]] = {
            "x[rows]": partial(by_row.train_epoch, by_row.batches_by_row(epoch, size)),
            "ours": trainer.train_epoch,
            "x[permutation], then slices": partial(
                by_slice.train_epoch, by_slice.batches_by_slice(epoch, size)
            ),
        }
        for way, run in work.items():
            took = seconds(clock, run)
            if epoch:  # the first one only warms up
                found[way].append(len(by_row.x) / took)
    ours = found.pop("ours")
    best = max(found, key=lambda way: statistics.median(found[way]))
    return ours, found[best], best


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--blocks", type=int, default=9, help="epochs of each loop that are timed")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall")
    parser.add_argument(
        "--threads",
        type=int,
        default=1,
        help="CPU threads of torch; a slot has those of its worker",
    )
    parser.add_argument(
        "--workers", type=int, default=1, help="processes that train together; wall clock only"
    )
    parser.add_argument("--only", choices=list(MODELS), help="one model")
    wanted = parser.parse_args()
    torch.set_num_threads(wanted.threads)
    variants = [
        Variant(model, batch_size, missing, metrics)
        for model in ([wanted.only] if wanted.only else MODELS)
        for batch_size in (64, 512)
        for missing, metrics in ((False, False), (False, True), (True, False))
    ]
    if wanted.workers > 1:
        from tests.benchmarks import step_throughput_ddp

        step_throughput_ddp.report(variants, wanted.blocks, wanted.workers, wanted.threads)
        return
    clock = time.process_time if wanted.clock == "cpu" else time.perf_counter
    print(
        f"torch {torch.__version__}, {wanted.threads} thread(s), {wanted.blocks} blocks, "
        f"{wanted.clock} clock"
    )
    print(
        "ratio = our samples a second / those of the hand-written loop, median over the blocks "
        "(lowest .. highest)\n"
    )
    for variant in variants:
        name = f"{variant.model} batch {variant.batch_size}"
        name += (", missing labels" if variant.missing else "") + (
            ", with training metrics" if variant.metrics else ""
        )
        ours, rival, ratios = measure(variant, wanted.blocks, clock)
        ratio = statistics.median(ratios)
        verdict = "" if variant.metrics else "  ok" if ratio >= GOAL else f"  BELOW {GOAL}"
        print(
            f"{name:44s} ours {ours:9.0f}/s  by hand {rival:9.0f}/s  "
            f"ratio {ratio:.3f} ({min(ratios):.3f} .. {max(ratios):.3f}){verdict}"
        )


if __name__ == "__main__":
    main()
