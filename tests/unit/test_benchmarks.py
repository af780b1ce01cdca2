"""The benchmark that needs a GPU runs on the CPU, too, as far as a script can be tried there."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from tests.benchmarks import gpu, gpu_parity
from tests.benchmarks.gpu_cases import Case, DeviceLoop
from tests.benchmarks.step_throughput import PlainLoop

CPU = torch.device("cpu")


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("network", ["mlp", "convnet"])
def test_ours_and_the_loop_by_hand_end_alike(network: str, precision: str) -> None:
    found = gpu_parity.by_hand(Case(network, 32, 16, precision), CPU)
    assert found.apart <= found.tolerance < 1e-3 < found.moved
    assert found.row.endswith("| ok |")


@pytest.mark.parametrize(
    ("precision", "wrong"), [("fp32", {"lr": 0.011}), ("bf16", {"weight_decay": 0.1})]
)
def test_other_training_is_seen(
    precision: str, wrong: dict[str, float], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in wrong.items():
        monkeypatch.setitem(gpu_parity.SGD, name, value)
    assert gpu_parity.by_hand(Case("mlp", 32, 16, precision), CPU).row.endswith("| MISSED |")


def test_a_loop_without_autocast_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(DeviceLoop, "loss", PlainLoop.loss)
    assert gpu_parity.by_hand(Case("mlp", 32, 16, "bf16"), CPU).row.endswith("| MISSED |")


@pytest.mark.parametrize("name", ["mlp, pcgrad", "convnet, uw"])
def test_one_trial_on_both_devices(name: str) -> None:
    fp32, bf16 = gpu_parity.with_cpu(name, gpu_parity.TRIALS[name], CPU)
    assert fp32.apart == bf16.apart == 0
    assert fp32.tolerance < bf16.tolerance < min(fp32.moved, bf16.moved)


@pytest.mark.parametrize(
    "case",
    [
        Case("mlp", 32, 16, "bf16"),
        Case("convnet", 32, 16, "bf16", channels_last=True),
        pytest.param(
            Case("resnet18", 4, 2), marks=pytest.mark.large
        ),  # importing timm takes seconds
    ],
    ids=lambda case: case.name,
)
def test_speed_of_both(case: Case) -> None:
    found = gpu.speed(case, CPU, blocks=1)
    assert min(*found.ours, *found.theirs) > 0
    assert f"| {case.name} |" in found.row
    assert found.row.count("|") == 8  # as many columns as the heading has
    assert replace(found, megabytes=(10.4, 20.6)).row.endswith("| 10 | 21 |")


@pytest.mark.large
def test_memory_of_both(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    order: list[str] = []

    def stub(function: str, word: str, value: int | None = None) -> None:
        def call(_: torch.device) -> int | None:
            order.append(word)
            return value

        monkeypatch.setattr(torch.cuda, function, call)

    stub("memory_allocated", "before", 2**20)
    stub("reset_peak_memory_stats", "reset")
    stub("synchronize", "wait")
    stub("max_memory_allocated", "read", 4 * 2**20)
    assert gpu.memory_of_both(Case("mlp", 32, 16), CPU, tmp_path, by_slices=True) == (3, 3)
    assert order == ["before", "reset", "wait", "read"] * 2


def test_without_a_gpu_it_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(sys, "argv", ["gpu"])
    gpu.main()
    (line,) = capsys.readouterr().out.splitlines()
    assert "has not been run" in line
