"""What a sharing policy adds to the loss reaches the gradient, once a step, and the log."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mtl_search.config import parse
from mtl_search.data.dataset import DataSet, Target
from mtl_search.metrics.objective import Objective
from mtl_search.training.trainer import Trainer
from mtl_search.training.trial import TrialSpec

N = 48
LR = 0.05


def _data() -> DataSet:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(N, 6)).astype(np.float32)
    return DataSet(
        {"x": x},
        {
            "a": Target((x[:, 0] > 0).astype(np.int64), "class", ("no", "yes")),
            "b": Target(x[:, 1] - x[:, 2], "real"),
        },
        {"train": np.arange(32), "validation": np.arange(32, 40), "test": np.arange(40, N)},
    )


def _trainer(folder: Path, sharing: dict[str, Any], **training: Any) -> Trainer:
    config = parse(
        {
            "name": "penalty",
            "data": "none",
            "tasks": {"a": {"head": "softmax"}, "b": {"head": "regression"}},
            "model": {
                "backbone": {"name": "mlp", "widths": [8, 4], "dropout": 0.2},
                "sharing": sharing,
            },
            "training": {
                "epochs": 3,
                "batch_size": 8,
                "optimizer": {"name": "sgd", "lr": LR},
                **training,
            },
        }
    )
    objective = Objective({"b": ("r2",)}, "val/b/r2")
    return Trainer(TrialSpec("t", config, 0, objective, str(folder)), _data(), torch.device("cpu"))


def test_strength_0_trains_as_hard_sharing_at_depth_0_to_the_last_bit(tmp_path: Path) -> None:
    def run(name: str, **arguments: Any) -> tuple[Any, list[torch.Tensor]]:
        """Built and trained in one go, since dropout draws from the generator that building has seeded."""
        trainer = _trainer(tmp_path / name, {"name": name, **arguments})
        return [trainer.train_epoch() for _ in range(3)], [
            p.detach() for p in trainer.network.parameters()
        ]

    (soft_log, soft), (hard_log, hard) = run("soft", strength=0.0), run("hard", depth=0)
    assert soft_log == hard_log
    assert all(torch.equal(p, q) for p, q in zip(soft, hard, strict=True))


def test_the_penalty_is_logged_and_falls_as_the_columns_come_together(tmp_path: Path) -> None:
    trainer = _trainer(tmp_path, {"name": "soft", "strength": 0.5})
    first, second, third = [trainer.train_epoch()["train/penalty"] for _ in range(3)]
    assert first > second > third > 0


def test_policies_without_a_penalty_log_none(tmp_path: Path) -> None:
    for sharing in ("hard", "cross_stitch"):
        assert "train/penalty" not in _trainer(tmp_path / sharing, {"name": sharing}).train_epoch()


@pytest.mark.parametrize("batches", [{"batch_size": 32}, {"batch_size": 8, "accumulate": 4}])
def test_a_step_moves_the_columns_by_the_gradient_of_the_penalty_once(
    tmp_path: Path, batches: dict[str, int]
) -> None:
    """Against the same step without strength, however many batches the step is made of."""
    moved = {}
    for strength in (0.0, 0.5):
        trainer = _trainer(
            tmp_path / str(strength), {"name": "soft", "strength": strength}, **batches
        )
        parameters = list(trainer.network.sharing.parameters())
        penalty = trainer.network.sharing.penalty()
        pull = [torch.zeros_like(p) for p in parameters]
        if penalty is not None:
            pull = list(torch.autograd.grad(penalty, parameters))
        before = [p.detach().clone() for p in parameters]
        trainer.train_epoch()
        moved[strength] = [
            p.detach() - q + LR * g for p, q, g in zip(parameters, before, pull, strict=True)
        ]
    torch.testing.assert_close(moved[0.5], moved[0.0], rtol=1e-4, atol=1e-6)
