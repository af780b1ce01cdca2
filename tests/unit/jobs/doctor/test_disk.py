"""Room on the disks."""

from __future__ import annotations

import pytest

from mtl_search.jobs.doctor.disk import check_disks
from mtl_search.jobs.doctor.facts import RAY_FILES
from tests.support import examinations
from tests.support.examinations import GIB, bad, only_bad

MIB = 2**20


@pytest.mark.parametrize(
    ("use", "free", "total", "status", "cure"),
    [
        ("sweeps", 50 * GIB, 100 * GIB, "", ""),
        ("sweeps", 2 * GIB, 1000 * GIB, "", ""),
        ("sweeps", 500 * MIB, 100 * GIB, "warn", "--output"),
        ("sweeps", 10 * MIB, 100 * GIB, "fail", "--output"),
        ("storage", 10 * MIB, 100 * GIB, "fail", "resources.storage="),
        (RAY_FILES, 2 * GIB, 1000 * GIB, "warn", "export RAY_TMPDIR="),
        (RAY_FILES, 0, GIB, "fail", "export RAY_TMPDIR="),
        ("storage", 0, 0, "", ""),
    ],
)
def test_how_little_is_too_little(use: str, free: int, total: int, status: str, cure: str) -> None:
    disks = [{"use": use, "path": "/x", "free": free, "total": total}]
    seen = examinations.alone(examinations.facts(disks=disks))
    assert bad(check_disks, seen) == ([(status, "here")] if status else [])
    if status:
        assert cure in only_bad(check_disks, seen).cure
