from __future__ import annotations

from pathlib import Path

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.verdict import Verdict
from mtl_search.analysis.views import View
from mtl_search.config import load_config
from mtl_search.report.document import Document
from mtl_search.storage.records import SweepRecord

FOLDER = Path("tests/fixtures/sweeps/v0_1_finished")


def test_a_view_is_found_by_its_name() -> None:
    evidence = Evidence(SweepRecord(), load_config(FOLDER / "config.yaml"), Verdict(), {})
    view = View("cost", "Cost", "", [], [])
    document = Document(evidence, [view], FOLDER)
    assert document.view("cost") is view
    assert document.view("depth") is None
