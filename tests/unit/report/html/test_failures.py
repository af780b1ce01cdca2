from __future__ import annotations

from pathlib import Path

from mtl_search.report.html.failures import failure_sentence
from tests.support.recorded_sweeps import Builder


def test_reasons_are_counted_and_the_most_frequent_told(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep()
    builder.trial("search", 0, 0.8)
    assert failure_sentence(builder.sweep_record) == ""
    for number, reason in enumerate(["out of\nmemory", "out of memory", "", "b", "c", "x" * 900]):
        builder.end(builder.begin("equal", number), "FAIL", reason)
    told = failure_sentence(builder.sweep_record)
    assert told.startswith("6 of 7 trials failed: out of memory (2); no reason given (1); ")
    assert told.endswith("and 2 other reasons")
    builder.end(builder.begin("equal", 9), "FAIL", "x" * 900)
    assert "…" in failure_sentence(builder.sweep_record)
    assert len(failure_sentence(builder.sweep_record)) < 400
