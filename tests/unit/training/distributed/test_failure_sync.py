"""When a rank that failed keeps in step with the others, and when it cannot."""

from __future__ import annotations

import pytest

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


def test_alone_an_error_is_raised_where_it_occurs() -> None:
    with pytest.raises(ValueError, match="first"):
        FailureSync(SingleProcess()).record_failure(ValueError("first"))


def test_a_rank_that_would_have_to_speak_within_a_pass_raises_at_once() -> None:
    with pytest.raises(ValueError, match="first"):
        FailureSync(_OneOfTwo(), exchanges_in_passes=True).record_failure(ValueError("first"))
