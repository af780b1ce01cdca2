"""The size of /dev/shm."""

from __future__ import annotations

import pytest

from mtl_search.jobs.doctor.shared_memory import check_shared_memory
from tests.support import examinations
from tests.support.examinations import bad, config, only_bad

MIB = 2**20


@pytest.mark.parametrize(
    ("free", "workers", "expected"),
    [
        (2048, 2, []),
        (512, 2, [("warn", "here")]),
        (64, 1, [("warn", "here")]),
        (64, 2, [("fail", "here")]),
    ],
)
def test_how_much_is_enough(free: int, workers: int, expected: list[tuple[str, str]]) -> None:
    here = examinations.facts(shared_memory=(free * MIB, free * MIB))
    seen = examinations.alone(here, config=config(**{"resources.workers": workers}))
    assert bad(check_shared_memory, seen) == expected
    if expected:
        finding = only_bad(check_shared_memory, seen)
        assert finding.cure == "sudo mount -o remount,size=2g /dev/shm"
        assert "--shm-size=2g" in finding.value


def test_none_at_all() -> None:
    seen = examinations.alone(examinations.facts(shared_memory=None))
    assert "mount -t tmpfs" in only_bad(check_shared_memory, seen).cure
