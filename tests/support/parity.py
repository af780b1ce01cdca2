"""Trials that train on one rank and on several, and what is compared afterwards."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from mtl_search.config import Config, override
from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.loading.device_data import DeviceData
from mtl_search.training.balancing import AGGREGATORS, WEIGHTINGS
from mtl_search.training.distributed.communicator import Communicator
from mtl_search.training.trainer import Trainer
from tests.support.trials import CPU, OBJECTIVE, config, data, spec

SGD = {"name": "sgd", "lr": 0.05, "momentum": 0.9}
PROBES = {"report.gradient_conflict": True, "report.task_affinity": True}


@dataclasses.dataclass(frozen=True)
class Parity:
    """One trial.

    Attributes:
        backbone: Of `trials.config`.
        training: Section `training`.
        values: Other values by dotted path.
        labels: `all`, `missing` (two in five, unevenly) or `sparse` (`size` has three labels in
            all, so that most parts of a batch have none).
        train: Samples.
        steps: At least so many steps are trained.
        resident: Whether the data lie on the device.
    """

    backbone: str = "mlp"
    training: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    values: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    labels: str = "missing"
    train: int = 48
    steps: int = 20
    resident: bool = False

    def settings(self) -> Config:
        """Its config; batch normalisation is left out, which sees parts of a batch on purpose."""
        base = config(self.backbone, **{"optimizer": SGD, "batch_size": 16, **self.training})
        norm = {"model.backbone.norm": "group"} if self.backbone == "convnet" else {}
        return override(base, {**norm, **self.values})

    def samples(self) -> DataSet:
        """Its data."""
        made = data(missing=self.labels != "all", train=self.train)
        if self.labels != "sparse":
            return made
        labels = made.targets["size"].values.copy()
        train = made.splits["train"]
        labels[train[~np.isnan(labels[train])][3:]] = np.nan
        return dataclasses.replace(made, targets={**made.targets, "size": Target(labels, "real")})

    def trainer(
        self, folder: Path, communicator: Communicator | None = None, device: torch.device = CPU
    ) -> Trainer:
        """Its trainer."""
        samples = self.samples()
        resident = DeviceData(samples, device) if self.resident else None
        return Trainer(
            spec(self.settings(), folder),
            samples,
            device,
            resident,
            OBJECTIVE,
            communicator=communicator,
        )

    def run(
        self, folder: Path, communicator: Communicator | None = None, device: torch.device = CPU
    ) -> tuple[dict[str, Tensor], dict[str, float]]:
        """Parameters and the last epoch's metrics, the validation's included."""
        made = self.trainer(folder, communicator, device)
        epochs = -(-self.steps * made.config.accumulate // len(made.train_loader))
        for epoch in range(epochs):
            made.progress.epoch = epoch
            metrics = made.train_epoch() | made.evaluate("validation")
        return {name: p.detach() for name, p in made.network.named_parameters()}, metrics


# Of three tasks two are always nearest to each other, and the choice between them would hang on
# rounding.
_ARGUMENTS = {"krum": {"n_selected": 2}}


def _balanced(backbone: str, labels: str, **members: str) -> Parity:
    """Labels missing unevenly; small steps, so that rounding is not magnified."""
    aggregator = members.get("aggregator")
    independent = aggregator is not None and getattr(AGGREGATORS[aggregator], "independent", False)
    training: dict[str, Any] = {
        key: {"name": name, **_ARGUMENTS.get(name, {})} for key, name in members.items()
    }
    training |= {"batch_size": 8, "accumulate": 2} if independent else {"batch_size": 16}
    training |= {"train_metrics": False, "optimizer": {**SGD, "lr": 0.01}}
    return Parity(backbone, training, labels=labels, resident=True)


def balanced() -> dict[str, Parity]:
    """Every weighting and every aggregator by itself on an MLP, and in pairs on a convnet.

    A convnet soon fits three labels, and DB-MTL, which looks at 1/L, would then magnify rounding:
    it gets more of them.
    """
    cases = {
        f"mlp, weighting {name}": _balanced("mlp", "sparse", weighting=name) for name in WEIGHTINGS
    }
    cases |= {
        f"mlp, aggregator {name}": _balanced("mlp", "sparse", aggregator=name)
        for name in AGGREGATORS
    }
    for weighting, aggregator in zip(
        itertools.cycle(WEIGHTINGS), reversed([*AGGREGATORS]), strict=False
    ):
        labels = "missing" if weighting == "db_mtl" else "sparse"
        pair = _balanced("convnet", labels, weighting=weighting, aggregator=aggregator)
        cases[f"convnet, {weighting} and {aggregator}"] = pair
    return cases


CASES = {
    "mlp": Parity(labels="all"),
    "mlp, adamw": Parity(training={"optimizer": {"name": "adamw", "lr": 1e-3}}),
    "missing labels": Parity(),
    "a rank without any label of a task": Parity(labels="sparse"),
    "convnet": Parity("convnet", labels="all"),
    "convnet, missing labels": Parity("convnet", labels="sparse"),
    "resident": Parity(resident=True),
    "accumulated": Parity(training={"batch_size": 8, "accumulate": 3}),
    "probes": Parity(training={"batch_size": 8, "accumulate": 3}, values=PROBES, steps=4),
    "probes, a rank without any label of a task": Parity(values=PROBES, labels="sparse", steps=4),
    "clipped, unscaled": Parity(training={"clip_norm": 0.3, "loss_scale": "none"}),
    "soft sharing": Parity(values={"model.sharing": {"name": "soft", "strength": 0.1}}),
    "depth 1": Parity(values={"model.sharing.depth": 1}),
    "a last batch of three": Parity(train=51),
    "fewer samples a batch than ranks": Parity(training={"batch_size": 3}, train=12),
    "accumulated weighting": Parity(
        training={"batch_size": 8, "accumulate": 3, "weighting": "famo"}
    ),
    "weighting and aggregator": Parity(
        training={"weighting": "db_mtl", "aggregator": "pcgrad"}, labels="sparse"
    ),
    "soft sharing and an aggregator": Parity(
        training={"aggregator": "mgda", "weighting": "uw"},
        values={"model.sharing": {"name": "soft", "strength": 0.1}},
    ),
    "convnet, channels last": Parity("convnet", training={"channels_last": True}),
    "convnet, channels last and an aggregator": Parity(
        "convnet", {"channels_last": True, "aggregator": "pcgrad"}
    ),
    **balanced(),
}
