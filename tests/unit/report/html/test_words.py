from __future__ import annotations

import pytest

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.measure import MeasureName
from mtl_search.analysis.verdict import Verdict
from mtl_search.report.html.words import words_of
from mtl_search.storage.records import SweepRecord
from tests.support.recorded_sweeps import config


@pytest.mark.parametrize(("measure", "word"), [("skill", "skill"), ("delta_m", "Δm")])
def test_the_measure_of_the_verdict_is_explained(measure: MeasureName, word: str) -> None:
    words = dict(words_of(Evidence(SweepRecord(), config(), Verdict(measure=measure), {})))
    assert words.keys() & {"skill", "Δm"} == {word}
    assert all(meaning.endswith(".") for meaning in words.values())
