"""A slot without a cluster: failures are answers, and trials leave nothing behind."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from mtl_search.config import Config, override
from mtl_search.models.stage import Stage
from mtl_search.training.trial_report import TrialReport, of_result
from mtl_search.training.workers.slot import SlotTrainable
from tests.support import trials


class _Faulty(nn.Module):
    def __init__(self, fault: str, most: int) -> None:
        super().__init__()
        self.dense, self.fault, self.most = nn.Linear(6, 8), fault, most

    def forward(self, x: Tensor) -> Tensor:
        if self.fault == "raises":
            raise RuntimeError("the user's network is wrong")
        if self.fault == "memory" or (self.most and self.training and len(x) > self.most):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        x = self.dense(x)
        return x / 0 if self.fault == "nan" else x


def faulty(input_shape: tuple[int, ...], *, fault: str = "", most: int = 0) -> list[Stage]:
    """One layer; `most` samples fit into its memory."""
    if fault == "build":
        raise ValueError("no such width")
    return [Stage(_Faulty(fault, most), 8, "faulty")]


class _Drawing(nn.Module):
    """Draws from every generator there is, and changes the state of torch."""

    def __init__(self) -> None:
        super().__init__()
        self.dense = nn.Linear(6, 8)

    def forward(self, x: Tensor) -> Tensor:
        torch.backends.cudnn.benchmark = True
        noise = random.random() + np.random.random() + float(torch.rand(()))  # noqa: NPY002
        return torch.relu(self.dense(x)) * (1 + noise)


def drawing(input_shape: tuple[int, ...]) -> list[Stage]:
    return [Stage(_Drawing(), 8, "drawing")]


def _trial(settings: Config, directory: Path, seed: int = 3) -> dict[str, Any]:
    spec = trials.spec(settings, directory, seed=seed)
    return {"specs": [spec.to_json()], "arms": {spec.id: "search"}, "stops": ""}


def _slot(trial: dict[str, Any]) -> SlotTrainable:
    """As `tune.Trainable.__init__` leaves it, which needs a Tune session for its logs."""
    slot: SlotTrainable = SlotTrainable.__new__(SlotTrainable)
    slot.setup(trial, data=trials.data())
    return slot


def _run(slot: SlotTrainable) -> list[TrialReport]:
    reports = []
    while True:
        result = slot.step()
        reports.append(of_result(result)["t-0000"])
        assert result["done"] == (reports[-1].state != "RUNNING")
        if result["done"]:
            return reports


def _settings(backbone: str, **arguments: Any) -> Config:
    base = trials.config(epochs=2)
    return override(base, {"model.backbone": {"name": f"{__name__}:{backbone}", **arguments}})


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ("raises", "RuntimeError: the user's network is wrong"),
        ("memory", "training.on_out_of_memory: accumulate, or a smaller training.batch_size"),
        ("nan", "the train loss of task 'kind' is nan in epoch 1"),
        ("build", "no such width"),
    ],
)
def test_a_failure_is_an_answer_and_the_slot_goes_on(
    fault: str, reason: str, tmp_path: Path
) -> None:
    slot = _slot(_trial(_settings("faulty", fault=fault), tmp_path / "bad"))
    (report,) = _run(slot)
    assert report.state == "FAIL"
    assert report.epoch == 0
    assert reason in report.reason

    good = _trial(trials.config(), tmp_path / "good")
    assert slot.reset_config(good)
    after = _run(slot)
    assert [told.state for told in after] == ["RUNNING"] * 3 + ["COMPLETE"]
    alone = _run(_slot(_trial(trials.config(), tmp_path / "alone")))
    assert [trials.told(report) for report in after] == [trials.told(report) for report in alone]


def _memory(most: int, **training: Any) -> Config:
    return trials.changed(_settings("faulty", most=most), on_out_of_memory="accumulate", **training)


def test_too_little_memory_means_smaller_batches_and_the_same_steps(tmp_path: Path) -> None:
    """48 samples by 15: three steps and a short one."""
    reports = _run(_slot(_trial(_memory(8, batch_size=15), tmp_path / "small")))
    assert [report.epoch for report in reports] == [1, 2]
    assert {report.info["out_of_memory"] for report in reports} == {
        "batch_size 15 → 5, accumulate 1 → 3"
    }
    enough = _run(_slot(_trial(_memory(0, batch_size=15), tmp_path / "enough")))
    assert "out_of_memory" not in enough[0].info
    for report, other in zip(reports, enough, strict=True):
        assert trials.told(report) == pytest.approx(trials.told(other), abs=1e-4)


def test_it_goes_on_from_the_last_checkpoint(tmp_path: Path) -> None:
    settings = _memory(0, batch_size=16, epochs=3, checkpoint_every_s=0)
    slot = _slot(_trial(settings, tmp_path / "trial"))
    first = of_result(slot.step())["t-0000"]
    trainer = slot._runner._trainer
    assert trainer is not None
    for module in trainer.network.modules():
        if isinstance(module, _Faulty):
            module.most = 8  # as if something else had taken the rest
    rest = _run(slot)
    assert [report.epoch for report in [first, *rest]] == [1, 2, 3]
    assert "out_of_memory" in rest[0].info
    enough = _run(_slot(_trial(settings, tmp_path / "enough")))
    for report, other in zip([first, *rest], enough, strict=True):
        assert trials.told(report) == pytest.approx(trials.told(other), abs=1e-4)


def test_it_is_tried_once(tmp_path: Path) -> None:
    (report,) = _run(_slot(_trial(_memory(7, batch_size=16), tmp_path / "trial")))
    assert report.state == "FAIL"
    assert report.reason.startswith(
        "begun again with batch_size 16 → 8, accumulate 1 → 2: out of memory: CUDA"
    )
    assert "training.precision: bf16" in report.reason


@pytest.mark.parametrize("backbone", ["mlp", "convnet", "drawing"])
def test_nothing_of_a_trial_is_left_in_the_next(backbone: str, tmp_path: Path) -> None:
    settings = _settings("drawing") if backbone == "drawing" else trials.config(backbone, epochs=2)
    other = override(
        _settings("drawing"), {"training.precision": "bf16", "training.optimizer.lr": 0.1}
    )
    slot = _slot(_trial(other, tmp_path / "first", seed=11))
    _run(slot)
    assert slot.reset_config(_trial(settings, tmp_path / "second"))
    assert not torch.backends.cudnn.benchmark
    second = _run(slot)
    alone = _run(_slot(_trial(settings, tmp_path / "alone")))
    assert [trials.told(report) for report in second] == [trials.told(report) for report in alone]


def test_a_trial_stopped_half_way_leaves_nothing_either(tmp_path: Path) -> None:
    slot = _slot(_trial(trials.config(epochs=9), tmp_path / "stopped", seed=11))
    slot.step()
    slot.reset_config(_trial(trials.config(), tmp_path / "second"))
    second = _run(slot)
    alone = _run(_slot(_trial(trials.config(), tmp_path / "alone")))
    assert [trials.told(report) for report in second] == [trials.told(report) for report in alone]


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_trial_on_the_gpu_is_near_the_one_on_the_cpu(precision: str, tmp_path: Path) -> None:
    settings = trials.config("convnet", epochs=2, precision=precision)
    ends = {}
    for device in ("cpu", "cuda"):
        placed = trials.changed(settings, device=device)
        ends[device] = _run(_slot(_trial(placed, tmp_path / device)))[-1].metrics
    for name, value in ends["cpu"].items():
        if name.endswith("/loss"):
            assert ends["cuda"][name] == pytest.approx(
                value, rel=1e-3 if precision == "fp32" else 0.1
            ), name


def test_an_epoch_that_was_trained_and_not_told_is_told(tmp_path: Path) -> None:
    """The driver died in the third epoch, and the slot once that epoch's checkpoint was written."""
    settings = trials.config(checkpoint_every_s=0)
    whole = _run(_slot(_trial(settings, tmp_path / "whole")))
    first = _slot(_trial(settings, tmp_path / "cut"))
    heard = [of_result(first.step())["t-0000"] for _ in range(3)][:2]
    again = _run(_slot(_trial(settings, tmp_path / "cut")))
    assert [trials.told(report) for report in heard + again] == [
        trials.told(report) for report in whole
    ]
