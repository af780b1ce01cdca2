"""The best network is on the disk wherever it may be looked for, and is not written in between."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from mtl_search.config import Config
from mtl_search.storage.trial_directory import TrialDirectory
from mtl_search.training import checkpoint
from mtl_search.training.packs.runner import PackRunner
from mtl_search.training.results import best_network
from mtl_search.training.runner import TrialRunner
from mtl_search.training.trainer import Trainer
from tests.support import packed
from tests.support.trials import (
    CPU,
    OBJECTIVE,
    assert_same_weights,
    changed,
    config,
    data,
    spec,
    train,
    weights_of,
)

_SETTINGS = config(epochs=6, checkpoint_every_s=1e9)


@pytest.fixture
def writes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What is written to folders of trials, part by part."""
    written: list[str] = []
    write = TrialDirectory.write

    def counted(self: TrialDirectory, part: str, fill: object) -> None:
        written.append(part)
        write(self, part, fill)  # type: ignore[arg-type]

    monkeypatch.setattr(TrialDirectory, "write", counted)
    return written


class _Scripted:
    """An objective that gives these values, one an epoch."""

    def __init__(self, *values: float) -> None:
        self.values = list(values)

    def __call__(self, metrics: Mapping[str, float]) -> float:
        return self.values.pop(0)


def _begin(
    folder: Path,
    stop_epochs: tuple[int, ...] | None,
    *values: float,
    settings: Config = _SETTINGS,
    until: int | None = None,
) -> Trainer:
    made = dataclasses.replace(spec(settings, folder), stop_epochs=stop_epochs, until=until)
    return Trainer(made, data(), CPU, objective=_Scripted(*values))


def _on_disk(folder: Path) -> tuple[int, dict[str, Tensor]]:
    card = json.loads((folder / "best" / "model.json").read_text())
    return card["epoch"], load_file(folder / "best" / "model.safetensors")


def test_it_is_written_where_the_trial_may_be_stopped_and_at_its_end(
    tmp_path: Path, writes: list[str]
) -> None:
    made = _begin(tmp_path, (2, 4), 0.1, 0.2, 0.3, 0.2, 0.2, 0.4)
    weights, counts = [], []
    for _ in range(6):
        made.run_epoch()
        weights.append(weights_of(made))
        counts.append(len(writes))
        if len(counts) in (2, 4, 6):
            epoch, tensors = _on_disk(tmp_path)
            assert epoch == made.progress.best_epoch == {2: 2, 4: 3, 6: 6}[len(counts)]
            assert_same_weights(tensors, weights[epoch - 1])
    assert counts == [0, 1, 1, 2, 2, 3]
    assert set(writes) == {"best"}


def test_a_trial_that_may_be_stopped_at_any_time_has_it_at_any_time(
    tmp_path: Path, writes: list[str]
) -> None:
    made = _begin(tmp_path, None, 0.1, 0.2, 0.1, 0.3)
    for epoch in (1, 2, 2, 4):
        made.run_epoch()
        assert _on_disk(tmp_path)[0] == epoch
    assert writes == ["best"] * 3


def test_a_trial_that_stops_early_by_itself_has_it(tmp_path: Path) -> None:
    settings = changed(_SETTINGS, early_stopping={"patience": 2})
    made = _begin(tmp_path, (), 0.1, 0.5, 0.1, 0.1, settings=settings)
    assert [report.state for report in train(made)] == ["RUNNING"] * 3 + ["COMPLETE"]
    assert _on_disk(tmp_path)[0] == 2


@pytest.mark.parametrize("pauses", [False, True])
def test_it_is_written_before_last(tmp_path: Path, writes: list[str], *, pauses: bool) -> None:
    settings = _SETTINGS if pauses else changed(_SETTINGS, checkpoint_every_s=0)
    made = _begin(tmp_path, (), 0.1, 0.2, settings=settings, until=1 if pauses else None)
    made.run_epoch()
    assert writes == ["best", "last"]
    assert _on_disk(tmp_path)[0] == 1


def test_a_process_that_dies_between_improvements_loses_no_best_network(tmp_path: Path) -> None:
    values = (0.1, 0.4, 0.3, 0.5, 0.2, 0.6)
    whole = _begin(tmp_path / "whole", (), *values)
    train(whole)
    first = _begin(tmp_path / "cut", (), *values)
    first.run_epoch()
    first.config = first.config.model_copy(update={"checkpoint_every_s": 0})
    first.run_epoch()
    first.config = first.config.model_copy(update={"checkpoint_every_s": 1e9})
    for _ in range(2):
        first.run_epoch()  # the second is better, and in memory alone
    assert _on_disk(tmp_path / "cut")[0] == 2
    again = _begin(tmp_path / "cut", (), 0.4, 0.4, *values[2:])  # it judges the best epoch twice
    assert (again.progress.epoch, again.progress.best_epoch) == (2, 2)
    train(again)
    for name in ("whole", "cut"):
        assert _on_disk(tmp_path / name)[0] == 6
    assert_same_weights(_on_disk(tmp_path / "cut")[1], _on_disk(tmp_path / "whole")[1])


def test_it_is_kept_where_the_trial_fails(tmp_path: Path, writes: list[str]) -> None:
    runner = TrialRunner(data(), _Scripted(0.1, 0.2, float("nan")))
    runner.setup(
        dataclasses.replace(
            spec(_SETTINGS, tmp_path),
            stop_epochs=(),
            objective=dataclasses.replace(OBJECTIVE, kind="skill"),
        )
    )
    runner.train_until(2)
    assert writes == []
    with pytest.raises(Exception, match="the objective is nan in epoch 3") as caught:
        runner.train_until(3)
    assert runner.failure(caught.value).state == "FAIL"
    assert _on_disk(tmp_path)[0] == 2
    assert writes == ["best"]


def test_a_failure_is_told_although_its_network_cannot_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(*_: object) -> None:
        raise OSError("no room")

    made = _begin(tmp_path, (), 0.1)
    made.run_epoch()
    monkeypatch.setattr(checkpoint, "save_best", full)
    made.fail()
    assert "the best network of trial t-0000 is lost: no room" in caplog.text


def test_each_member_of_a_pack_has_its_own(tmp_path: Path, writes: list[str]) -> None:
    trials = [
        dataclasses.replace(trial, stop_epochs=(2,))
        for trial in packed.specs(packed.settings(), tmp_path, (0.003, 1e30, 0.03))
    ]
    runner = PackRunner(TrialRunner(packed.SAMPLES), trials)
    told = runner.run_epoch()
    assert told["t-0001"].state == "FAIL"
    assert writes == []
    runner.run_epoch()
    runner.run_epoch(["t-0000"])  # stopped by the scheduler after its second epoch
    runner.run_epoch()
    assert runner.done
    assert sorted(path.parent.name for path in tmp_path.glob("*/best")) == ["0", "2"]
    assert _on_disk(tmp_path / "0")[0] <= 2
    alone = packed.alone([dataclasses.replace(trials[2], directory=str(tmp_path / "alone"))])
    assert alone["t-0002"][-1].state == "COMPLETE"
    assert _on_disk(tmp_path / "2")[0] == _on_disk(tmp_path / "alone")[0]
    for name, tensor in _on_disk(tmp_path / "2")[1].items():
        torch.testing.assert_close(tensor, _on_disk(tmp_path / "alone")[1][name])


def test_a_large_network_does_not_wait_in_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(best_network, "_MOST_BYTES", 100)
    made = _begin(tmp_path, (), 0.1, 0.2)
    made.run_epoch()
    assert _on_disk(tmp_path)[0] == 1
    assert made.best._waiting is None
