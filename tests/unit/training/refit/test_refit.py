"""The last training: all rows but those of the test split, a given number of epochs."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pytest
import torch
from torch import Tensor

from mtl_search.training.refit.refit import refit, with_validation_in_training
from mtl_search.training.trainer import Trainer
from tests.support import trials


def test_it_is_what_the_trainer_does_on_the_merged_rows(tmp_path: Path) -> None:
    settings = trials.config(epochs=3, schedule={"name": "cosine"}, early_stopping={"patience": 1})
    data = trials.data()
    seen: list[int] = []
    refitted = refit(settings, data, 2, 5, seen.append)
    assert seen == [1, 2]

    trainer = trials.trainer(settings, tmp_path, with_validation_in_training(data), seed=5)
    for _ in range(2):
        trainer.train_epoch()
        assert trainer.schedule is not None
        trainer.schedule.step()
        trainer.progress.epoch += 1
    # The schedule has the length that it had in the search: after 2 of 3 epochs.
    assert trainer.optimizer.param_groups[0]["lr"] == pytest.approx(1e-3 / 4)
    ours, theirs = refitted.network.state_dict(), trainer.network.state_dict()
    for name, tensor in theirs.items():
        torch.testing.assert_close(ours[name], tensor)
    assert not refitted.network.training
    assert {"test/kind/accuracy", "test/flag/loss"} <= refitted.test.keys()


def test_scales_are_those_of_all_rows_and_the_test_split_is_read_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    data = trials.data()
    splits: list[str] = []
    evaluate = Trainer.evaluate

    def spy(trainer: Trainer, split: str) -> dict[str, float]:
        splits.append(split)
        return evaluate(trainer, split)

    monkeypatch.setattr(Trainer, "evaluate", spy)
    refitted = refit(trials.config(), data, 1, 0)
    assert splits == ["test"]
    rows = np.concatenate([data.splits["train"], data.splits["validation"]])
    mean = cast("Tensor", refitted.network.heads["size"].mean)
    assert float(mean) == pytest.approx(float(data.targets["size"].values[rows].mean()), rel=1e-5)
    assert len(data.splits["validation"]) == 16  # the data set itself stays
