"""How far clocks are apart."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mtl_search.jobs.doctor.clock import check_clocks, offset
from tests.support import examinations
from tests.support.examinations import bad, only_bad


def test_the_true_offset_lies_within_the_error() -> None:
    for delay_there, delay_back in ((0.0, 0.4), (0.2, 0.2), (0.4, 0.0)):
        sent, ahead = 100.0, -7.0
        there = sent + delay_there + ahead
        ahead_by, error = offset(sent, there, sent + delay_there + delay_back)
        assert abs(ahead_by - ahead) <= error + 1e-9


@pytest.mark.parametrize(
    ("ahead", "error", "expected"),
    [
        (0.3, 0.01, []),
        (-5.0, 0.01, [("warn", "10.0.0.2")]),
        (5.0, 4.0, []),  # it may as well be one second
        (-3600.0, 0.5, [("fail", "10.0.0.2")]),
    ],
)
def test_how_far_is_too_far(ahead: float, error: float, expected: list[tuple[str, str]]) -> None:
    node = replace(examinations.node(), clock_s=ahead, clock_error_s=error)
    seen = examinations.cluster(node)
    assert bad(check_clocks, seen) == expected
    if expected:
        assert "ssh 10.0.0.2 'sudo timedatectl" in only_bad(check_clocks, seen).cure


def test_a_machine_alone_has_one_clock() -> None:
    assert not list(check_clocks(examinations.alone()))
