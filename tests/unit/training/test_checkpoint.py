"""A trial that was interrupted goes on as if it had not been, whenever the process died."""

from __future__ import annotations

import dataclasses
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_search.config import Config, override
from mtl_search.metrics.objective import Objective
from mtl_search.storage.trial_directory import TrialDirectory
from mtl_search.training import checkpoint
from mtl_search.training.trainer import Trainer
from tests.support.trials import (
    CPU,
    assert_same_weights,
    config,
    data,
    spec,
    told,
    train,
    trainer,
    weights_of,
)


def _settings() -> Config:
    settings = config(
        epochs=7,
        checkpoint_every_s=0,
        optimizer={"name": "adamw", "lr": 0.05},
        schedule={"name": "cosine", "warmup_epochs": 2},
        early_stopping={"patience": 3},
    )
    return override(settings, {"model.backbone.dropout": 0.3})


@pytest.mark.parametrize("done", [1, 3])
def test_a_trial_taken_up_again_is_the_one_that_ran_through(done: int, tmp_path: Path) -> None:
    whole = trainer(_settings(), tmp_path / "whole", test=True)
    expected = train(whole)
    assert len(expected) > done

    first = trainer(_settings(), tmp_path / "cut", test=True)
    before = [first.run_epoch() for _ in range(done)]
    torch.rand(7)  # the process that takes it up again has drawn other numbers since
    second = trainer(_settings(), tmp_path / "cut", test=True)
    after = train(second)

    assert [told(report) for report in before + after] == [told(report) for report in expected]
    assert after[-1].test == expected[-1].test
    assert second.progress.best_epoch == whole.progress.best_epoch
    assert_same_weights(weights_of(second), weights_of(whole))


def test_nothing_is_pickled_but_what_loads_as_plain_tensors(tmp_path: Path) -> None:
    trainer(_settings(), tmp_path).run_epoch()
    files = {
        path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()
    }
    assert files == {
        "last/model.safetensors", "last/optimizer.pt", "last/progress.json",
        "best/model.safetensors", "best/model.json",
    }  # fmt: skip
    assert torch.load(tmp_path / "last/optimizer.pt", weights_only=True).keys() >= {
        "optimizer",
        "random",
        "schedule",
    }


@pytest.mark.parametrize("stored", [False, True])
def test_a_best_network_that_a_trial_goes_on_without_is_not_its_best(
    tmp_path: Path, *, stored: bool
) -> None:
    """From a checkpoint it may go another way: with smaller batches, or by the sums of a GPU."""
    values: list[float] = []

    def objective(metrics: Mapping[str, float]) -> float:
        return values.pop(0)

    def begin(name: str, every: float) -> Trainer:
        made = dataclasses.replace(
            spec(override(_settings(), {"training.checkpoint_every_s": every}), tmp_path / name),
            storage=str(tmp_path / "storage") if stored else "",
        )
        return Trainer(made, data(), CPU, objective=objective)

    values[:] = [
        0.1,
        0.5,
        0.1,
        0.1,
        0.05,
        0.06,
    ]  # whoever goes on judges the best epoch again, twice
    first = begin("a", 0)
    first.run_epoch()
    best = weights_of(first)
    first.config = first.config.model_copy(update={"checkpoint_every_s": 1e9})
    first.run_epoch()  # better, and lost with the process
    assert not torch.equal(next(iter(best.values())), next(iter(weights_of(first).values())))
    second = begin("b" if stored else "a", 1e9)
    assert (second.progress.epoch, second.progress.best_epoch, second.progress.best) == (1, 1, 0.1)
    second.run_epoch()
    second.run_epoch()
    checkpoint.load_best(second.directory, second.network, second.communicator)
    assert_same_weights(weights_of(second), best)


class _DiedError(Exception):
    pass


@pytest.mark.parametrize("moves", [0, 1, 2], ids=["before the moves", "between them", "after them"])
@pytest.mark.parametrize("part", ["last", "best"])
def test_a_process_may_die_at_any_point_of_a_replacement(
    part: str, moves: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = [told(report) for report in train(trainer(_settings(), tmp_path / "whole", test=True))]
    made = trainer(_settings(), tmp_path / "cut", test=True)
    made.run_epoch()
    made.run_epoch()

    replace, rmtree, left = os.replace, shutil.rmtree, [moves]

    def dying_replace(self: Path, target: Path) -> Path:
        if target.name.startswith(part):
            if not left[0]:
                raise _DiedError
            left[0] -= 1
        replace(self, target)
        return Path(target)

    def dying_rmtree(path: Path, **options: Any) -> None:
        if moves == 2 and path.name == f"{part}.old" and not left[0]:
            raise _DiedError
        rmtree(path, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", dying_replace)
        patch.setattr(shutil, "rmtree", dying_rmtree)
        made.progress.best = float("-inf")  # so that `best` is written in this epoch
        with pytest.raises(_DiedError):
            made.run_epoch()

    again = trainer(_settings(), tmp_path / "cut", test=True)
    assert again.progress.epoch == (3 if part == "last" and moves == 2 else 2)
    rest = train(again)
    assert [told(report) for report in rest] == whole[-len(rest) :]
    assert not list((tmp_path / "cut").glob("*.new"))
    assert not list((tmp_path / "cut").glob("*.old"))


def test_a_trial_that_lost_its_checkpoint_starts_again(tmp_path: Path) -> None:
    (tmp_path / "last.new").mkdir()
    assert not checkpoint.exists(TrialDirectory(tmp_path))
    assert trainer(config(), tmp_path).progress.epoch == 0


def test_a_better_reference_changes_what_an_interrupted_trial_has_reached(tmp_path: Path) -> None:
    def judged_by(error: float) -> Trainer:
        objective = Objective({"size": ("mae",)}, "delta_m", {"val/size/mae": error})
        settings = override(_settings(), {"tasks.size.metrics": ["mae"]})
        made = dataclasses.replace(spec(settings, tmp_path), objective=objective)
        return Trainer(made, data(), CPU)

    first = judged_by(100.0)
    first.run_epoch()
    best = first.progress.best_metrics
    again = judged_by(1.0)  # the single-task arms have found something much better since
    expected = again.objective(best)
    assert expected < first.progress.best
    assert again.progress.best == again.progress.anchor == pytest.approx(expected)
    report = again.run_epoch()
    assert report.objective == pytest.approx(max(expected, again.objective(report.metrics)))
