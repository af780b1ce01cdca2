"""What counts as too little memory, and what a trial becomes by it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from mtl_search.config import override
from mtl_search.errors import ConfigError, OutOfMemoryError, TrialError
from mtl_search.registry import Registry
from mtl_search.training.failures import cause, reason
from mtl_search.training.out_of_memory import (
    explain_out_of_memory,
    is_out_of_memory,
    with_smaller_batches,
)
from mtl_search.training.trial import TrialSpec
from mtl_search.training.trial_report import TrialReport
from tests.support import trials


def _failed(cause: Any = "memory") -> TrialReport:
    return TrialReport(2, {}, float("nan"), "FAIL", "no room", cause=cause)


def _spec(workers: int = 1, **training: Any) -> TrialSpec:
    settings = trials.config(**{"on_out_of_memory": "accumulate", **training})
    return trials.spec(override(settings, {"resources.workers": workers}), Path("trial"))


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (
            RuntimeError(
                "[enforce fail at alloc_cpu.cpp:127] . DefaultCPUAllocator: "
                "can't allocate memory: you"
            ),
            True,
        ),
        (
            RuntimeError(
                "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"
            ),
            True,
        ),
        (MemoryError(), True),
        (OutOfMemoryError("worker 1 of 2: out of memory"), True),
        (TrialError("the loss is nan"), False),
        (ValueError("DefaultCPUAllocator: can't allocate memory"), False),
    ],
)
def test_what_it_is(error: Exception, expected: bool) -> None:
    assert is_out_of_memory(error) == expected
    assert explain_out_of_memory(error).startswith("out of memory: ")


@pytest.mark.parametrize(
    ("error", "expected"), [(MemoryError(), True), (ValueError("a wrong width"), False)]
)
def test_a_part_that_could_not_be_built_for_want_of_memory(
    error: Exception, expected: bool
) -> None:
    registry: Registry[Any] = Registry("head", {})
    with pytest.raises(ConfigError) as caught, registry.blamed_on("mine", {}, "tasks.left.head"):
        raise error
    assert is_out_of_memory(caught.value) == expected
    assert (cause(caught.value) == "memory") == expected
    assert reason(caught.value).startswith("out of memory: tasks.left.head") == expected
    assert "tasks.left.head: cannot build head 'mine'" in reason(caught.value)


def test_torch_says_so_on_the_cpu() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)


@pytest.mark.parametrize(
    ("batch", "accumulate", "expected"),
    [(16, 1, (8, 2)), (16, 3, (8, 6)), (15, 1, (5, 3)), (7, 2, (1, 14))],
)
def test_a_step_sees_the_same_samples(
    batch: int, accumulate: int, expected: tuple[int, int]
) -> None:
    again = with_smaller_batches(
        _spec(batch_size=batch, accumulate=accumulate, eval_batch_size=100), _failed()
    )
    assert again is not None
    training = again.config.training
    assert (training.batch_size, training.accumulate) == expected
    assert training.eval_batch_size == 50
    assert (
        again.shrunk
        == f"batch_size {batch} → {expected[0]}, accumulate {accumulate} → {expected[1]}"
    )
    assert TrialSpec.from_json(again.to_json()) == again
    assert with_smaller_batches(again, _failed()) is None


def test_when_a_trial_stays_as_it_is() -> None:
    assert with_smaller_batches(_spec(on_out_of_memory="fail"), _failed()) is None
    assert with_smaller_batches(_spec(), _failed("")) is None
    assert with_smaller_batches(_spec(), _failed("disk")) is None
    assert with_smaller_batches(_spec(workers=2, batch_size=2), _failed()) is None
    assert with_smaller_batches(_spec(workers=2, batch_size=4), _failed()) is not None


def test_batches_from_sources_are_cut_and_not_drawn_anew() -> None:
    again = with_smaller_batches(_spec(batch_size=15), _failed())
    assert again is not None
    assert (again.config.training.batch_size, again.pieces) == (5, 3)
    assert TrialSpec.from_json(again.to_json()).pieces == 3
