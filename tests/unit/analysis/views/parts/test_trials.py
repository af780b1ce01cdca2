from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.parts.trials import Worth, results, shared_rows, thinned, worth_of
from mtl_search.storage.arm_name import SEARCH
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder


def test_failed_trials_are_no_results(evidence: Evidence) -> None:
    assert [trial.number for trial in results(evidence, SEARCH)] == list(range(13))
    assert len(shared_rows(evidence, worth_of(evidence))) == 16


def test_the_measure_is_that_of_the_verdict(evidence: Evidence, tmp_path: Path) -> None:
    assert worth_of(evidence).name == evidence.verdict.measure == "skill"
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    for task in builder.tasks:
        builder.trial(f"single/{task}", 0, 0.5)
    builder.trial("search", 0, 0.5)
    # Without scales and references of all tasks there is the objective alone.
    assert worth_of(evidence_of(builder)).name == "objective"
    assert worth_of(evidence_of(builder, **{"search.objective": "delta_m"})).name == "delta_m"


@pytest.mark.parametrize(
    ("name", "text"), [("skill", "0.0123"), ("delta_m", "+1.23 %"), ("objective", "0.0123")]
)
def test_values_are_written_with_their_unit(name: str, text: str) -> None:
    assert Worth(name).write(0.0123) == text


@pytest.mark.parametrize("count", [0, 1, 5, 6, 7, 100])
def test_thinning_keeps_both_ends(count: int) -> None:
    kept = thinned(list(range(count)), 6)
    assert len(kept) == min(count, 6)
    if count:
        assert (kept[0], kept[-1]) == (0, count - 1)
    assert kept == sorted(set(kept))
