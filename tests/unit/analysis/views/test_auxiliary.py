from __future__ import annotations

from pathlib import Path

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.auxiliary import auxiliary
from mtl_search.config import load_config
from mtl_search.storage.journal import read_record

FOLDER = Path("tests/fixtures/sweeps/v0_1_finished")


def test_the_worth_is_that_of_the_verdict() -> None:
    record = read_record(FOLDER / "journal.jsonl")
    evidence = Evidence.of(record, load_config(FOLDER / "config.yaml"), FOLDER)
    view = auxiliary(evidence)
    assert view is not None
    (row,) = view.rows
    comparison = evidence.verdict.auxiliary["same"]
    assert (row["task"], row["gain"]) == ("same", comparison.gain.mean)
    assert (row["low"], row["high"]) == comparison.interval
    assert view.about["unit"] == "%"
    assert f"same {100 * row['gain']:+.2f} %" in view.summary


def test_nothing_without_auxiliary_tasks(evidence: Evidence) -> None:
    assert auxiliary(evidence) is None
