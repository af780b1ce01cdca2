"""A report travels as text, and to Tune as a result."""

from __future__ import annotations

from typing import Any

import pytest

from mtl_search.training.trial_report import TrialReport, of_result, to_result

REPORT_OF_EPOCH_3 = TrialReport(
    3,
    {"val/kind/auroc": float("nan"), "lr": 0.1},
    0.5,
    "COMPLETE",
    info={"depth": 2},
    test={"a": 1.0},
    items="UEsDBA==",
)


def test_a_report_travels_as_text() -> None:
    back = TrialReport.from_json(REPORT_OF_EPOCH_3.to_json())
    assert repr(back) == repr(REPORT_OF_EPOCH_3)  # NaN is not equal to itself


def test_the_node_is_added_to_what_is_known_of_the_network() -> None:
    report = REPORT_OF_EPOCH_3.with_node("10.0.0.1")
    assert report.info == {"depth": 2, "node": "10.0.0.1"}
    assert REPORT_OF_EPOCH_3.info == {"depth": 2}


@pytest.mark.parametrize("state", ["COMPLETE", "FAIL", "PAUSED"])
def test_a_result_is_done_when_no_trial_in_it_runs(state: Any) -> None:
    ended = TrialReport(2, {}, 0.5, state)
    running = TrialReport(1, {}, 0.5, "RUNNING")
    assert to_result({"a": ended, "b": ended})["done"]
    assert not to_result({"a": ended, "b": running})["done"]
    assert not to_result({"a": ended}, done=False)["done"]  # others of the pack go on


def test_the_reports_of_a_result_are_those_that_were_put_in() -> None:
    ended = TrialReport(3, {"lr": 0.1}, 0.5, "COMPLETE", info={"depth": 2}, test={"a": 1.0})
    reports = {"a": ended, "b": TrialReport(1, {"lr": 0.5}, 0.25, "RUNNING")}
    assert of_result(to_result(reports)) == reports
