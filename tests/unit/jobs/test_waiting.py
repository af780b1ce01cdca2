"""Nodes that join in time, too late, or never."""

from __future__ import annotations

import time

import pytest

from mtl_search.jobs import waiting
from tests.support import gcs


def test_it_ends_as_soon_as_all_are_there(capsys: pytest.CaptureFixture[str]) -> None:
    with gcs.head(states=(0, 0, 1)) as address:
        began = time.monotonic()
        assert waiting.main([address, "2", "30"]) == 0
        assert time.monotonic() - began < 10
    assert capsys.readouterr().out == f"Ray at {address}: 2 of 2 nodes\n"


def test_fewer_have_to_do_when_the_time_is_up(capsys: pytest.CaptureFixture[str]) -> None:
    with gcs.head(states=(0,)) as address:
        assert waiting.main([address, "2", "0.2"]) == 3
    assert "1 of 2 nodes" in capsys.readouterr().out


def test_a_head_that_does_not_answer_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert waiting.main(["127.0.0.1:1", "2", "0"]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert line == "error: no Ray cluster answers at 127.0.0.1:1"
