"""The runner: where it trains, how it reports failures, and what ends its process."""

from __future__ import annotations

import gc
import math
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mtl_search.config import override
from mtl_search.data import DataSet
from mtl_search.data.datasets.partitions import Partitions
from mtl_search.errors import ConfigError, DataError, OutOfMemoryError, TrialError
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


def test_a_trial_trains_on_the_partition_that_it_names(tmp_path: Path) -> None:
    own = data()
    runner = TrialRunner(own, handed_over=True)
    tests = []
    for number, split in enumerate([0, 1, 2, 1, 0]):
        settings = replace(spec(config(epochs=1), tmp_path / str(number)), split=split, test=True)
        runner.setup(settings)
        report = runner.train_until(1)
        assert runner._trainer is not None
        rows = runner._trainer.data.splits["test"].tolist()
        expected = Partitions(own, handed_over=True).of(settings.config, split).splits["test"]
        assert rows == expected.tolist()
        sizes = {"train": 48, "validation": 16, "test": 16}
        assert report.info.get("samples") == (sizes if split else None)
        tests.append((report.test, rows))
    assert tests[1] == tests[3]
    assert tests[0] == tests[4]
    assert len({str(test) for test in tests}) == 3


@pytest.mark.parametrize("cached", ["always", "never"])
def test_other_partitions_are_read_again_where_they_are_on_the_device(
    tmp_path: Path, cached: str
) -> None:
    """Twenty times the values: a runner that kept the old ones on the device would not see it."""
    here = f"{__name__}:growing"
    settings = override(config(epochs=1, cache_on_device=cached), {"data": here})
    runner = TrialRunner(growing())
    means: list[float] = []
    for split in (0, 1, 2, 1):
        runner.setup(replace(spec(settings, tmp_path / f"{len(means)}"), split=split))
        runner.train_until(1)
        assert runner._trainer is not None
        batch = next(iter(runner._trainer.train_loader))
        means.append(float(batch.inputs["x"].mean().round()))
    assert means[0] == 0
    assert means[1] == means[3]
    assert len(set(means)) == 3


def growing(seed: int = 0) -> DataSet:
    """A data set whose view tells the seed that it was built with."""
    own = data()
    x = np.full_like(np.asarray(own.inputs["x"]), float(seed % 1000))
    return replace(own, inputs={**own.inputs, "x": x})


def test_data_that_cannot_be_read_again_fail_the_trial_and_not_the_process(tmp_path: Path) -> None:
    settings = override(config(epochs=1), {"data": f"{__name__}:unreadable"})
    runner = TrialRunner(data())
    runner.setup(replace(spec(settings, tmp_path / "bad"), split=1))
    with pytest.raises(DataError, match="the disk is gone") as caught:
        runner.train_until(1)
    report = runner.failure(caught.value)
    assert (report.state, report.reason) == ("FAIL", "the disk is gone")
    runner.setup(spec(config(epochs=1), tmp_path / "good"))
    assert runner.train_until(1).state == "COMPLETE"


def unreadable(seed: int = 0) -> DataSet:
    """A data set whose file is on another machine."""
    raise DataError("the disk is gone")
