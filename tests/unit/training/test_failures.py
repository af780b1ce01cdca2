"""Why a trial failed, for people and for programs."""

from __future__ import annotations

import errno

import pytest
import torch

from mtl_search.errors import DiskFullError, OutOfMemoryError, TrialError
from mtl_search.training.failures import cause, reason


class _CompilerError(RuntimeError):
    __module__ = "torch._dynamo.exc"


FAILURES: list[tuple[Exception, str, str]] = [
    (TrialError("the loss is nan"), "the loss is nan", ""),
    (torch.OutOfMemoryError("CUDA out of memory"), "out of memory: CUDA out of memory\n", "memory"),
    (MemoryError(), "out of memory: MemoryError\n", "memory"),
    (OutOfMemoryError("worker 1 of 2: out of memory"), "worker 1 of 2: out of memory", "memory"),
    (OSError(errno.ENOSPC, "No space left on device"), "", "disk"),
    (DiskFullError("no room"), "no room", "disk"),
    (_CompilerError("graph break"), "torch.compile cannot compile this network", ""),
]


@pytest.mark.parametrize(("failure", "text", "kind"), FAILURES, ids=lambda x: type(x).__name__)
def test_every_failure_has_a_reason_and_a_cause(failure: Exception, text: str, kind: str) -> None:
    assert reason(failure).startswith(text)
    assert cause(failure) == kind


def test_a_full_disk_says_so() -> None:
    failure = OSError(errno.ENOSPC, "No space left on device", "/data/file")
    assert "No space left on device" in reason(failure)
    assert "Traceback" not in reason(failure)


def test_other_errors_show_where_they_came_from() -> None:
    try:
        raise ValueError("no such width")
    except ValueError as error:
        text = reason(error)
    assert text.startswith("Traceback")
    assert "test_failures.py" in text
    assert text.endswith("ValueError: no such width")
