"""Claims on single tasks and auxiliary tasks, adjusted for their number."""

from __future__ import annotations

import pytest

from mtl_search.analysis.claims import claims_of
from mtl_search.analysis.comparison import Comparison, Run, compare
from mtl_search.analysis.measure import LinearScale, Measure

SCALES = (LinearScale("accuracy", 0.0, 1.0),)
MEASURE = Measure("skill", {"a": SCALES, "b": SCALES}, {"a": 0.5, "b": 0.5}, -1.0)


def compared(a: float, b: float) -> Comparison:
    """Five seeds that gain so much in each task."""

    def runs(levels: tuple[float, float]) -> dict[int, Run]:
        return {
            seed: Run(
                {f"test/{t}/accuracy": x + 0.001 * seed for t, x in zip("ab", levels, strict=True)}
            )
            for seed in range(5)
        }

    found = compare(
        "search",
        "single",
        runs((0.5 + a, 0.5 + b)),
        runs((0.5, 0.5)),
        measure=MEASURE,
        tasks={"a": ("accuracy",), "b": ("accuracy",)},
    )
    assert found is not None
    return found


def test_a_claim_needs_both_comparisons() -> None:
    sharing = compared(0.1, 0.1)
    claims = claims_of(sharing, compared(0.1, 0.0), {}, 0.95, shares=True)
    assert claims["task a"].holds
    assert not claims["task b"].holds
    assert claims["task a"].mean == pytest.approx(0.1)


def test_comparisons_that_contradict_each_other_claim_nothing() -> None:
    claims = claims_of(compared(0.1, 0.1), compared(-0.1, 0.1), {}, 0.95, shares=True)
    assert claims["task a"].p_value == 1.0


def test_nothing_is_claimed_where_nothing_is_shared() -> None:
    assert claims_of(compared(0.1, 0.1), None, {"c": compared(0.1, 0.1)}, 0.95, shares=False) == {}


def test_p_values_are_adjusted_for_all_claims() -> None:
    sharing = compared(0.001, 0.001)
    alone = sharing.tasks["a"].p_value
    assert alone is not None
    claims = claims_of(sharing, None, {"c": compared(0.1, 0.1)}, 0.95, shares=True)
    assert list(claims) == ["task a", "task b", "auxiliary c"]
    assert claims["task a"].p_value == pytest.approx(min(1.0, 2 * alone))
