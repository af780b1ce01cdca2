"""The plain step: its mean losses, shares of labels, and the penalty of the sharing policy."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_search.config import parse
from mtl_search.data.dataset import DataSet, Target
from mtl_search.data.loading.batch import Batch
from mtl_search.metrics.objective import Objective
from mtl_search.training.distributed.communicator import SingleProcess
from mtl_search.training.epoch_outputs import EpochOutputs
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
        """Build and train at once: dropout draws from the generator that building has seeded."""
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


# ---------------------------------------------------------------- mean losses


class _Echo(SingleProcess):
    """One rank of two, where the other says what this one is told beforehand.

    Args:
        rank: The number of this rank.
        others: What the other rank adds to each sum, in order.
    """

    size = 2

    def __init__(self, rank: int, others: list[Tensor]) -> None:
        self.rank = rank
        self.others = others

    def all_reduce(self, x: Tensor) -> Tensor:
        return x + self.others.pop(0)


def _epoch(losses: list[list[float]]) -> EpochOutputs:
    """Batches of 8 samples, of which this rank holds 4, with these losses."""
    epoch_outputs = EpochOutputs(keep_outputs=False)
    for row in losses:
        epoch_outputs.losses.append(torch.tensor(row))
        epoch_outputs.batches.append(Batch({}, {}, {}, 4, 8, {}))
    return epoch_outputs


def test_the_mean_loss_is_over_all_batches_and_ranks(tmp_path: Path) -> None:
    step = _trainer(tmp_path, {"name": "hard"}).step
    step.communicator = _Echo(0, [torch.tensor([1.0, 2.0])])
    # Each batch of this rank holds a quarter of the 16 labels.
    assert step.mean_losses(_epoch([[1.0, 2.0], [3.0, 6.0]])) == [2.0, 4.0]


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_the_first_loss_that_is_not_finite_is_told(value: float, tmp_path: Path) -> None:
    """Afterwards all losses are: the mean alone would blame every task."""
    step = _trainer(tmp_path, {"name": "hard"}).step
    step.communicator = SingleProcess()
    found = step.mean_losses(_epoch([[1.0, 2.0], [value, 5.0], [value, value]]))
    assert found == pytest.approx([value, 5.0], nan_ok=True)


def test_a_bad_loss_of_another_rank_counts_and_the_earliest_of_all_is_told(tmp_path: Path) -> None:
    nan = float("nan")
    step = _trainer(tmp_path, {"name": "hard"}).step
    # The other rank had one in its second batch; here the third was the first.
    step.communicator = _Echo(
        0, [torch.full((2,), nan), torch.tensor([0.0, 1.0, 1.0]), torch.tensor([7.0, nan])]
    )
    found = step.mean_losses(_epoch([[1.0, 2.0], [3.0, 4.0], [nan, nan]]))
    assert found == pytest.approx([7.0, nan], nan_ok=True)


def test_losses_that_only_add_up_to_infinity_are_told_as_their_mean(tmp_path: Path) -> None:
    step = _trainer(tmp_path, {"name": "hard"}).step
    step.communicator = _Echo(0, [torch.tensor([float("inf"), 1.0]), torch.zeros(2)])
    assert step.mean_losses(_epoch([[3e38, 1.0], [3e38, 1.0]])) == [float("inf"), 1.5]


def test_a_task_without_a_label_in_the_epoch_has_no_loss(tmp_path: Path) -> None:
    step = _trainer(tmp_path, {"name": "hard"}).step
    epoch_outputs = _epoch([[1.0, 0.0]])
    epoch_outputs.batches = [Batch({}, {}, {}, 4, 4, {"a": (2, 2), "b": (0, 0)})]
    assert step.mean_losses(epoch_outputs) == [1.0, None]


def test_shares_of_labels_add_up_to_one(tmp_path: Path) -> None:
    step = _trainer(tmp_path, {"name": "hard"}).step
    batches = [
        Batch({}, {}, {}, 4, 4, {"a": (3, 3), "b": (0, 0)}),
        Batch({}, {}, {}, 4, 4, {"a": (1, 1), "b": (2, 2)}),
    ]
    assert step.shares(batches).tolist() == [[0.75, 0.0], [0.25, 1.0]]


# ---------------------------------------------------------------- batches that are left out


def test_a_rank_without_a_sample_takes_no_part_but_is_recorded(tmp_path: Path) -> None:
    step = _trainer(tmp_path, {"name": "hard"}).step
    epoch_outputs = EpochOutputs(keep_outputs=False)
    assert step.forward(Batch({}, {}, {}, 0, 8, {}), epoch_outputs) is None
    assert [losses.tolist() for losses in epoch_outputs.losses] == [[0.0, 0.0]]
    assert epoch_outputs.batches[0].total == 8
