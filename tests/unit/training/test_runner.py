"""The runner: where it trains, how it reports failures, and what ends its process."""

from __future__ import annotations

import gc
import math
import weakref
from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_search.errors import ConfigError, OutOfMemoryError, TrialError
from mtl_search.registry import Registry
from mtl_search.training.runner import TrialRunner, choose_device, is_fatal_cuda_error
from tests.support.trials import config, data, spec


def test_a_trial_trains_to_the_epoch_that_was_asked_for(tmp_path: Path) -> None:
    runner = TrialRunner(data())
    runner.setup(spec(config(epochs=3), tmp_path))
    assert runner.train_until(2).epoch == 2
    again = runner.train_until(1)  # it is done already, and reported as it is
    assert (again.epoch, again.state) == (2, "RUNNING")
    assert runner.train_until(3).state == "COMPLETE"


def test_a_failure_is_reported_with_its_cause_and_what_was_reached(tmp_path: Path) -> None:
    runner = TrialRunner(data())
    runner.setup(spec(config(epochs=3), tmp_path))
    before = runner.failure(OutOfMemoryError("too little"))
    assert (before.epoch, before.info, before.cause) == (0, {}, "memory")
    runner.train_until(1)
    report = runner.failure(TrialError("it is over"))
    assert (report.epoch, report.state, report.reason) == (1, "FAIL", "it is over")
    assert report.cause == ""
    assert math.isnan(report.objective)
    assert report.info["tasks"] == ["kind", "flag", "size"]


def test_a_trial_that_is_released_is_gone(tmp_path: Path) -> None:
    runner = TrialRunner(data())
    runner.setup(spec(config(epochs=1), tmp_path))
    runner.train_until(1)
    assert runner._trainer is not None
    network = weakref.ref(runner._trainer.network)
    runner.release()
    gc.collect()
    assert network() is None


def test_only_a_broken_accelerator_ends_the_process() -> None:
    assert not is_fatal_cuda_error(RuntimeError("shapes cannot be multiplied"))
    assert not is_fatal_cuda_error(ValueError("x"))
    if hasattr(torch, "AcceleratorError"):
        assert is_fatal_cuda_error(
            torch.AcceleratorError("CUDA error: device-side assert triggered")
        )
        registry: Registry[Any] = Registry("weighting", {})
        with pytest.raises(ConfigError) as caught, registry.blamed_on("mine", {}, "training"):
            raise torch.AcceleratorError("CUDA error: device-side assert triggered")
        assert is_fatal_cuda_error(caught.value)


def test_the_device_is_the_one_asked_for() -> None:
    assert choose_device("cpu") == torch.device("cpu")
    assert choose_device("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_a_gpu_that_is_not_there_is_one_message() -> None:
    with pytest.raises(
        TrialError, match=r"^training.device is cuda, and the process that trains sees no GPU"
    ):
        choose_device("cuda")
