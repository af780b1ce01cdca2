"""A report travels as text, and to Tune as a result."""

from __future__ import annotations

import json

from mtl_search.training.trial_report import METRIC, REPORT, TrialReport

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


def test_tune_gets_an_objective_unless_the_trial_has_failed() -> None:
    result = REPORT_OF_EPOCH_3.to_result()
    assert {key: result[key] for key in ("epoch", "done", METRIC)} == {
        "epoch": 3,
        "done": True,
        METRIC: 0.5,
    }
    assert json.loads(result[REPORT])["state"] == "COMPLETE"
    assert not TrialReport(1, {}, 0.5, "RUNNING").to_result()["done"]
    failed = TrialReport(1, {}, float("nan"), "FAIL", "why").to_result()
    assert failed["done"]
    assert METRIC not in failed


def test_a_trial_that_pauses_is_done_for_tune() -> None:
    assert TrialReport(2, {}, 0.5, "PAUSED").to_result()["done"]
