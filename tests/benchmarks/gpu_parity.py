"""Whether a GPU trains to the same numbers: the part `parity` of `gpu`."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mtl_search.training.distributed.communicator import Communicator
from mtl_search.training.trainer import Trainer
from tests.benchmarks.gpu_cases import Case, DeviceLoop, cases
from tests.benchmarks.step_throughput import largest_difference
from tests.support.parity import CASES, Parity
from tests.support.ranks import on_ranks

TOLERANCE = 1e-5
SGD = {"name": "sgd", "lr": 0.01, "momentum": 0.9}
_CPU = torch.device("cpu")

# Every kind of step once: plain, weighted by losses, gradients aggregated without and with a
# solver.
_KINDS = {
    "static": replace(CASES["missing labels"], training={"optimizer": SGD}),
    "uw": CASES["mlp, weighting uw"],
    "pcgrad": CASES["mlp, aggregator pcgrad"],
    "upgrad": CASES["mlp, aggregator upgrad"],
}
TRIALS = {
    f"{net}, {name}": replace(case, backbone=net)
    for net in ("mlp", "convnet")
    for name, case in _KINDS.items()
}


@dataclass(frozen=True)
class Compared:
    """How far two trainings ended apart, and how far the parameter went that moved most."""

    what: str
    apart: float
    moved: float
    tolerance: float

    @property
    def row(self) -> str:
        """Of the table."""
        verdict = "ok" if self.apart <= self.tolerance else "MISSED"
        return (
            f"| {self.what} | {self.apart:.1e} | {self.moved:.1e} | {self.tolerance:.1e} | "
            f"{verdict} |"
        )


def parity(device: torch.device, *, quick: bool) -> Iterator[Compared]:
    """Every comparison that this machine can make."""
    samples, batch_size = (32, 16) if quick else (640, 64)
    for case in cases(quick=quick):
        if case.network in ("mlp", "convnet") and not case.channels_last:
            yield by_hand(replace(case, samples=samples, batch_size=batch_size), device)
    for name, trial in TRIALS.items():
        yield from with_cpu(name, trial, device)


def by_hand(case: Case, device: torch.device) -> Compared:
    """Our training of two epochs beside the hand-written one."""
    with tempfile.TemporaryDirectory() as name, exact():
        trainer = case.trainer(Path(name), device, optimizer=SGD)
        loop = DeviceLoop(trainer, case.network)
        loop.optimizer = torch.optim.SGD(
            loop.network.parameters(), lr=0.01, momentum=0.9, fused=True
        )
        before = values(trainer)
        for epoch in range(2):
            loop.train_epoch(loop.batches_by_row(epoch, case.batch_size))
        after = two_epochs(trainer)
        tolerance = TOLERANCE
        if case.precision == "bf16":
            fp32 = replace(case, precision="fp32").trainer(Path(name), device, optimizer=SGD)
            tolerance = distance(after, two_epochs(fp32)) / 10
    apart = largest_difference(trainer, loop.network)
    return Compared(f"{case.name}: ours, by hand", apart, distance(before, after), tolerance)


def two_epochs(trainer: Trainer) -> list[Tensor]:
    """The parameters afterwards."""
    for epoch in range(2):
        trainer.progress.epoch = epoch
        trainer.train_epoch()
    return values(trainer)


def with_cpu(name: str, trial: Parity, device: torch.device) -> Iterator[Compared]:
    """The same trial on the device and on the CPU, in fp32 and in bf16."""
    bf16 = replace(trial, training={**trial.training, "precision": "bf16"})
    with exact(), tempfile.TemporaryDirectory() as folder:
        made = trial.trainer(Path(folder))
        before, cpu, rough = values(made), finals(trial), finals(bf16)
        for which, here, there in (
            ("fp32", cpu, finals(trial, device)),
            ("bf16", rough, finals(bf16, device)),
        ):
            tolerance = TOLERANCE if which == "fp32" else 2 * distance(cpu, rough)
            what = f"{name}, {which}: {device.type}, cpu"
            yield Compared(what, distance(here, there), distance(before, here), tolerance)


def with_two_workers(device: torch.device) -> Iterator[Compared]:
    """The same trial on one worker and on two."""
    with exact(), tempfile.TemporaryDirectory() as folder:
        both = on_ranks(2, on_rank, Path(folder) / "ranks", device.type, device=device.type)
        for name, trial in TRIALS.items():
            made = trial.trainer(Path(folder) / name, device=device)
            before, alone = values(made), finals(trial, device)
            apart = max(distance(alone, rank[name]) for rank in both)
            yield Compared(
                f"{name}, fp32: one worker, two", apart, distance(before, alone), TOLERANCE
            )


def on_rank(communicator: Communicator, kind: str) -> dict[str, list[Tensor]]:
    """What every trial ends with on this rank."""
    device = torch.device(f"cuda:{communicator.rank}" if kind == "cuda" else kind)
    with exact():
        return {name: finals(trial, device, communicator) for name, trial in TRIALS.items()}


def finals(
    trial: Parity, device: torch.device = _CPU, communicator: Communicator | None = None
) -> list[Tensor]:
    """The parameters of a trial at its end."""
    with tempfile.TemporaryDirectory() as folder:
        return [x.cpu() for x in trial.run(Path(folder), communicator, device)[0].values()]


def values(trainer: Trainer) -> list[Tensor]:
    """The parameters as they are now."""
    return [p.detach().to("cpu", copy=True) for p in trainer.network.parameters()]


def distance(ones: list[Tensor], others: list[Tensor]) -> float:
    """The largest difference of any number."""
    return max(float((a - b).abs().max()) for a, b in zip(ones, others, strict=True))


@contextmanager
def exact() -> Iterator[None]:
    """Within, cuDNN computes the same each time, and in whole fp32."""
    cudnn: Any = torch.backends.cudnn
    before = cudnn.deterministic, cudnn.allow_tf32
    cudnn.deterministic, cudnn.allow_tf32 = True, False
    try:
        yield
    finally:
        cudnn.deterministic, cudnn.allow_tf32 = before
