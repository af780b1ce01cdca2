"""When a rank that failed keeps in step with the others, and when it cannot."""

from __future__ import annotations

import pytest

from mtl_search.training.distributed.communicator import Alone
from mtl_search.training.distributed.failure_sync import Guard


class _OneOfTwo(Alone):
    size = 2


def test_a_rank_that_others_wait_for_goes_on_until_they_look() -> None:
    guard = Guard(_OneOfTwo())
    guard.keep(ValueError("first"))
    guard.keep(ValueError("second"))
    with pytest.raises(ValueError, match="first"):
        guard.check()


def test_alone_an_error_is_raised_where_it_occurs() -> None:
    with pytest.raises(ValueError, match="first"):
        Guard(Alone()).keep(ValueError("first"))


def test_a_rank_that_would_have_to_speak_within_a_pass_raises_at_once() -> None:
    with pytest.raises(ValueError, match="first"):
        Guard(_OneOfTwo(), exchanges_in_passes=True).keep(ValueError("first"))
