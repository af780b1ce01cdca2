"""When a rank that failed keeps in step with the others, and when it cannot."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from mtl_search.data.loading.batch import Batch
from mtl_search.training.distributed import failure_sync
from mtl_search.training.distributed.communicator import SingleProcess
from mtl_search.training.distributed.failure_sync import FailureSync


class _OneOfTwo(SingleProcess):
    size = 2


def test_a_rank_that_others_wait_for_goes_on_until_they_look() -> None:
    sync = FailureSync(_OneOfTwo())
    sync.record_failure(ValueError("first"))
    sync.record_failure(ValueError("second"))
    with pytest.raises(ValueError, match="first"):
        sync.check()


class _Errors(Exception):  # noqa: N818
    """An exception that is false, since it holds nothing."""

    def __len__(self) -> int:
        return 0


def test_the_first_failure_counts_whatever_its_truth() -> None:
    sync = FailureSync(_OneOfTwo())
    first = _Errors()
    sync.record_failure(first)
    sync.record_failure(ValueError("a consequence"))
    assert sync.failure is first


def test_alone_an_error_is_raised_where_it_occurs() -> None:
    with pytest.raises(ValueError, match="first"):
        FailureSync(SingleProcess()).record_failure(ValueError("first"))


def test_a_rank_that_would_have_to_speak_within_a_pass_raises_at_once() -> None:
    with pytest.raises(ValueError, match="first"):
        FailureSync(_OneOfTwo(), exchanges_in_passes=True).record_failure(ValueError("first"))


def _failing_loader() -> Iterator[Batch]:
    yield Batch({}, {}, {}, 4, 8, {})
    raise ValueError("the second batch")


def test_a_rank_whose_data_fail_goes_on_with_empty_batches() -> None:
    sync = FailureSync(_OneOfTwo())
    assert [batch.size for batch in sync.batches(_failing_loader(), 3)] == [4, 0, 0]
    assert sync.failure_flag(torch.device("cpu")).tolist() == [1.0]
    with pytest.raises(ValueError, match="the second batch"):
        sync.check()


def test_alone_data_that_fail_end_the_epoch() -> None:
    with pytest.raises(ValueError, match="the second batch"):
        list(FailureSync(SingleProcess()).batches(_failing_loader(), 3))


def test_flags_are_read_every_few_steps() -> None:
    sync = FailureSync(_OneOfTwo())
    sync.record_failure(ValueError("first"))
    for _ in range(failure_sync._CHECK_EVERY - 1):
        sync.maybe_check(torch.ones(1))
    with pytest.raises(ValueError, match="first"):
        sync.maybe_check(torch.ones(1))


def test_the_others_learn_of_a_failure_within_some_steps() -> None:
    assert 1 < failure_sync._CHECK_EVERY <= 64
