"""The trainings that `gpu` measures: ours, and the hand-written loop on the same device."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from mtl_search.config import Config, override
from mtl_search.data.datasets.build import build_data
from mtl_search.training.trainer import Trainer
from tests.benchmarks.step_throughput import (
    MODELS,
    PlainLoop,
    Variant,
    make_config,
    make_trainer,
    write_arrays,
)

# Shape of a sample, and the backbone.
NETWORKS: dict[str, tuple[tuple[int, ...], dict[str, Any]]] = {
    **{name: (shape, backbone) for name, (shape, _, backbone) in MODELS.items()},
    "resnet18": ((3, 64, 64), {"name": "timm", "model": "resnet18"}),
}
# Samples of an epoch and of a batch: enough of both to keep a large card busy for a tenth of a
# second or more.
_SIZES = {"mlp": (65_536, 512), "convnet": (16_384, 512), "resnet18": (4_096, 256)}
_QUICK = 32, 16


@dataclass(frozen=True)
class Case:
    """One training, ours or by hand.

    Attributes:
        network: One of `NETWORKS`.
        samples: Of an epoch.
        batch_size: Samples of a step.
        precision: `fp32` or `bf16`.
        channels_last: Memory format of images and convolutions.
    """

    network: str
    samples: int
    batch_size: int
    precision: str = "fp32"
    channels_last: bool = False

    @property
    def name(self) -> str:
        """For a table."""
        layout = ", channels last" if self.channels_last else ""
        return f"{self.network}, batch {self.batch_size}, {self.precision}{layout}"

    def config(self, folder: Path, **training: Any) -> Config:
        """As a user would write it; its data are written into the folder."""
        shape, backbone = NETWORKS[self.network]
        arrays = write_arrays(folder, shape, self.samples + 64, missing=False)
        plain = make_config(arrays, Variant("mlp", self.batch_size, missing=False, metrics=False))
        own = {"precision": self.precision, "channels_last": self.channels_last, **training}
        return override(
            plain,
            {
                "model.backbone": backbone,
                **{f"training.{key}": value for key, value in own.items()},
            },
        )

    def trainer(self, folder: Path, device: torch.device, **training: Any) -> Trainer:
        """Ours."""
        config = self.config(folder, **training)
        return make_trainer(config, build_data(config.data, config.seed), folder, device)


def cases(*, quick: bool) -> list[Case]:
    """Every network in both precisions, and in bf16 also channels last where it has images."""
    found = []
    for network in NETWORKS:
        samples, batch_size = _QUICK if quick else _SIZES[network]
        both = [Case(network, samples, batch_size, precision) for precision in ("fp32", "bf16")]
        found += both if network == "mlp" else [*both, replace(both[-1], channels_last=True)]
    return found


class DeviceLoop(PlainLoop):
    """The hand-written training, with autocast and channels last where the trainer has them."""

    def __init__(self, trainer: Trainer, network: str) -> None:
        super().__init__(trainer, network, trainer.data, missing=False)
        bf16 = trainer.config.precision == "bf16"
        self.autocast: Any = (
            torch.autocast(trainer.device.type, dtype=torch.bfloat16) if bf16 else nullcontext()
        )
        self.channels_last = trainer.config.channels_last
        if self.channels_last:
            self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def loss(self, x: Tensor, kind: Tensor, sort: Tensor, flag: Tensor, size: Tensor) -> Tensor:
        """Weighted sum over the tasks."""
        if self.channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        with self.autocast:
            return super().loss(x, kind, sort, flag, size)
