"""Small data sets, configs and trainers of all kinds for the tests of training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from mtl_search.config import Config, override, parse
from mtl_search.data.dataset import DataSet, Target
from mtl_search.metrics.objective import Objective, ObjectiveFunction
from mtl_search.models.stage import Stage
from mtl_search.training.trainer import Trainer
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_report import TrialReport

CPU = torch.device("cpu")
WEIGHTS = {"kind": 1.5, "flag": 0.25, "size": 2.0}


def data(*, missing: bool = False, train: int = 48) -> DataSet:
    """`train` + 32 samples: a vector and an image view; a class, a binary and a real target that
    can be learned.
    """
    rng = np.random.default_rng(0)
    n = train + 32
    x = rng.normal(size=(n, 6)).astype(np.float32)
    image = rng.normal(size=(n, 1, 8, 8)).astype(np.float32)
    kind = np.argmax(x[:, :3], 1)
    flag = (x[:, 3] > 0).astype(np.int64)
    size = (50 + 20 * x[:, 4]).astype(np.float32)
    if missing:
        gone = rng.random((3, n)) < 0.4
        kind, flag = np.where(gone[0], -1, kind), np.where(gone[1], -1, flag)
        size = np.where(gone[2], np.nan, size).astype(np.float32)
    rows = np.arange(n)
    return DataSet(
        {"x": x, "image": image},
        {
            "kind": Target(kind, "class", ("a", "b", "c")),
            "flag": Target(flag, "binary", ("no", "yes")),
            "size": Target(size, "real"),
        },
        {"train": rows[:train], "validation": rows[train : train + 16], "test": rows[train + 16 :]},
    )


def config(backbone: str = "mlp", **training: Any) -> Config:
    """Three tasks with different weights on one trunk."""
    view = {"mlp": "x", "convnet": "image"}[backbone]
    arguments = {"mlp": {"widths": [8, 8]}, "convnet": {"channels": [4, 6]}}[backbone]
    heads = {"kind": "softmax", "flag": "binary", "size": "regression"}
    return parse(
        {
            "name": "test",
            "data": {"name": "arrays"},
            "tasks": {
                t: {"head": head, "view": view, "loss_weight": WEIGHTS[t]}
                for t, head in heads.items()
            },
            "model": {"backbone": {"name": backbone, **arguments}},
            "training": {"epochs": 4, "batch_size": 16, **training},
        }
    )


class _Tokens(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.dense = nn.Linear(width, 8)

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.dense(x))


def token_backbone(input_shape: tuple[int, ...]) -> list[Stage]:
    """(B, T, W) → (B, T, 8): what a CRF needs."""
    return [Stage(_Tokens(input_shape[-1]), 8, "tokens", "tokens")]


def all_heads() -> tuple[Config, DataSet]:
    """Every head at once, on two views of 4 tokens, the first of which has padding."""
    rng = np.random.default_rng(1)
    n, steps = 80, 4
    mask = np.arange(steps) < rng.integers(1, steps + 1, (n, 1))
    targets = {
        "softmax": Target(rng.integers(-1, 3, n), "class", ("a", "b", "c")),
        "binary": Target(rng.integers(-1, 2, n), "binary", ("no", "yes")),
        "multilabel": Target(rng.integers(-1, 2, (n, 4)), "multilabel", ("p", "q", "r", "s")),
        "regression": Target(rng.normal(100, 10, n).astype(np.float32), "real"),
        "pair": Target(rng.integers(0, 2, n), "binary", ("different", "same")),
        "crf": Target(np.where(mask, rng.integers(0, 3, (n, steps)), -1), "tags", ("O", "B", "I")),
    }
    views = {name: rng.normal(size=(n, steps, 5)).astype(np.float32) for name in ("left", "right")}
    rows = np.arange(n)
    splits = {"train": rows[:48], "validation": rows[48:64], "test": rows[64:]}
    tasks = {t: {"head": t, "view": ["left", "right"] if t == "pair" else "left"} for t in targets}
    parsed = parse(
        {
            "name": "test",
            "data": {"name": "arrays"},
            "tasks": tasks,
            "model": {"backbone": f"{__name__}:token_backbone"},
            "training": {"epochs": 2, "batch_size": 16},
        }
    )
    return parsed, DataSet(views, targets, splits, masks={"left": mask})


OBJECTIVE = Objective({"kind": ("accuracy",)}, "primary")


def spec(settings: Config, directory: Path, *, seed: int = 3, test: bool = False) -> TrialSpec:
    """A trial of these settings."""
    return TrialSpec("t-0000", settings, seed, OBJECTIVE, str(directory), test)


def trainer(
    settings: Config,
    directory: Path,
    samples: DataSet | None = None,
    *,
    seed: int = 3,
    test: bool = False,
    objective: ObjectiveFunction | None = None,
) -> Trainer:
    """A trainer on the CPU that streams its data."""
    made = data() if samples is None else samples
    return Trainer(spec(settings, directory, seed=seed, test=test), made, CPU, objective=objective)


def changed(settings: Config, **values: Any) -> Config:
    """The config with some values of `training` changed."""
    return override(settings, {f"training.{name}": value for name, value in values.items()})


def train(made: Trainer) -> list[TrialReport]:
    """Every report to the end of the trial."""
    reports = [made.run_epoch()]
    while reports[-1].state == "RUNNING":
        reports.append(made.run_epoch())
    return reports


def told(report: TrialReport) -> dict[str, float]:
    """What a report says, but for the clock."""
    return {name: value for name, value in report.metrics.items() if name != "seconds"} | {
        "best": report.objective
    }


def weights_of(made: Trainer) -> dict[str, Tensor]:
    """Parameters and buffers, as they are now."""
    return {name: tensor.clone() for name, tensor in made.network.state_dict().items()}


def assert_same_weights(one: dict[str, Tensor], other: dict[str, Tensor]) -> None:
    """Equal to the last bit."""
    assert one.keys() == other.keys()
    for name, tensor in one.items():
        assert torch.equal(tensor, other[name]), name
