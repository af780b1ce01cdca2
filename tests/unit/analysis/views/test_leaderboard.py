from __future__ import annotations

import statistics

import pytest

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.leaderboard import leaderboard
from tests.support.varied_sweeps import accuracy, skill


def test_bands_are_mean_least_and_most_over_seeds(evidence: Evidence) -> None:
    view = leaderboard(evidence)
    assert view is not None
    first = view.rows[0]
    assert (first["arm"], first["recommended"], first["seeds"]) == ("search", True, 3)
    assert first["origin"] == "search-0008"
    of_seeds = [skill(value) for value in (0.84, 0.85, 0.86)]
    assert first["test_skill"] == pytest.approx(statistics.fmean(of_seeds))
    assert first["test_skill_low"] == pytest.approx(min(of_seeds))
    assert first["test_skill_high"] == pytest.approx(max(of_seeds))
    # Against the means of the single-task networks, 0.8 in both tasks.
    assert first["test_delta_m"] == pytest.approx(0.05 / 0.8)
    assert evidence.verdict.search is not None
    assert first["test_delta_m"] == pytest.approx(evidence.verdict.search.delta_m)
    assert first["gain"] == evidence.verdict.search.gain.mean


def test_single_task_networks_stand_together(evidence: Evidence) -> None:
    view = leaderboard(evidence)
    assert view is not None
    (single,) = (row for row in view.rows if row["arm"] == "single")
    assert single["seeds"] == 3
    assert single["test_skill_low"] == pytest.approx(skill(0.79))
    assert single["test_delta_m"] == pytest.approx(0.0)
    assert {row["arm"] for row in view.rows} == {
        "single",
        "equal",
        "search",
        "twin/separate",
        "twin/weights",
    }


def test_rows_are_in_the_order_of_validation(evidence: Evidence) -> None:
    view = leaderboard(evidence)
    assert view is not None
    values = [row["val_skill"] for row in view.rows]
    assert values == sorted(values, reverse=True)
    assert (
        "0.7000 on the test split, the mean of 3 fresh seeds from 0.6800 to 0.7200" in view.summary
    )


def test_before_finalists_the_best_trials_stand_in(unjudged: Evidence) -> None:
    view = leaderboard(unjudged)
    assert view is not None
    assert [row["arm"] for row in view.rows] == ["search", "equal", "single/left", "single/right"]
    assert view.rows[0]["val_skill"] == pytest.approx(skill(accuracy(2, 4.0)))
    assert "test_skill" not in [column.name for column in view.columns]
    assert view.summary.startswith("No fresh seeds yet")
