from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.verdict import Outcome, Verdict
from mtl_search.report.html.headline import headline_of
from mtl_search.storage.records import SweepRecord
from tests.support.documents import recorded
from tests.support.recorded_sweeps import Builder, config, whole


def outcomes() -> list[Outcome]:
    return [outcome for group in get_args(Outcome) for outcome in get_args(group) or [group]]


def test_every_outcome_has_a_tone_and_a_sign_of_its_own() -> None:
    made = [
        headline_of(Evidence(SweepRecord(), config(), Verdict(outcome=outcome), {}))
        for outcome in outcomes()
    ]
    assert len(made) == 5
    assert len({headline.tone for headline in made}) == len({h.sign for h in made}) == 5


@pytest.mark.parametrize(("gain", "sign"), [(0.05, "▲"), (-0.05, "▼")])
def test_the_answer_comes_first_and_its_interval_is_a_bar(
    tmp_path: Path, gain: float, sign: str
) -> None:
    builder = whole(Builder(tmp_path / "journal.jsonl"), seeds=5, gain=gain, twins=True)
    headline = headline_of(recorded(tmp_path, builder).evidence)
    verdict = recorded(tmp_path, builder).evidence.verdict
    assert headline.answer + ": " + headline.numbers == verdict.sentences()[0]
    assert " ".join([f"{headline.answer}: {headline.numbers}", *headline.details]) == (
        verdict.sentence()
    )
    first = headline.gains[0]
    assert 0 <= first.low <= first.mean <= first.high <= 100
    if verdict.outcome.startswith("sharing"):
        assert headline.sign == sign
        assert (first.low > headline.zero) == (gain > 0)


def test_nothing_compared_has_no_bars(tmp_path: Path) -> None:
    headline = headline_of(recorded(tmp_path, Builder(tmp_path / "journal.jsonl")).evidence)
    assert headline.answer == "Not tested"
    assert not headline.gains
    assert headline.numbers == ""
