"""Skill between a constant prediction and a perfect one."""

from __future__ import annotations

import math
import subprocess
import sys

import numpy as np
import pytest

from mtl_search.metrics.skill import LOWEST, SkillScale


@pytest.mark.parametrize(("trivial", "perfect"), [(0.5, 1.0), (4.0, 0.0), (0.0, 1.0), (1e-12, 0.0)])
def test_the_ends_of_the_scale_are_0_and_1(trivial: float, perfect: float) -> None:
    scale = SkillScale(trivial, perfect)
    assert scale.has_range
    assert scale.skill(trivial) == 0.0
    assert scale.skill(perfect) == pytest.approx(1.0)
    assert scale.skill((trivial + perfect) / 2) == pytest.approx(0.5)


def test_differences_of_skills_are_differences_of_metrics_times_the_factor() -> None:
    rng = np.random.default_rng(0)
    for trivial, perfect in [(0.3, 1.0), (2.5, 0.0)]:
        scale = SkillScale(trivial, perfect)
        low, high = min(trivial, perfect), max(trivial, perfect)
        a, b = rng.uniform(low, high, 2)
        assert scale.skill(a) - scale.skill(b) == pytest.approx((a - b) * scale.factor)


def test_skill_does_not_depend_on_the_unit_of_an_error() -> None:
    metres, millimetres = SkillScale(2.0, 0.0), SkillScale(2000.0, 0.0)
    for error in (0.1, 1.0, 3.0, 50.0):
        assert millimetres.skill(1000 * error) == pytest.approx(metres.skill(error))


def test_skill_is_clipped_below_and_nowhere_else() -> None:
    scale = SkillScale(2.0, 0.0)
    assert scale.skill(3.9) == pytest.approx(-0.95)
    assert scale.skill(4.1) == scale.skill(1e30) == LOWEST == -1.0


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_has_no_skill(value: float) -> None:
    assert math.isnan(SkillScale(0.5, 1.0).skill(value))


@pytest.mark.parametrize(
    ("trivial", "perfect"),
    [(1.0, 1.0), (1 - 1e-10, 1.0), (0.0, 0.0), (math.nan, 1.0), (math.inf, 0.0)],
)
def test_there_is_no_scale_without_a_range(trivial: float, perfect: float) -> None:
    assert not SkillScale(trivial, perfect).has_range


def test_skill_is_computed_without_torch() -> None:
    program = "import sys, mtl_search.metrics.skill; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
