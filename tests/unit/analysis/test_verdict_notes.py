"""Notes beside the numbers of a verdict."""

from __future__ import annotations

from pathlib import Path

from mtl_search.analysis.verdict_notes import notes_of
from tests.support.recorded_sweeps import Builder


def test_notes_name_what_is_excluded_and_references_that_are_nearly_trivial(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl", ("a", "b")).sweep()
    scales = {"a/accuracy": [0.5, 1.0], "b/accuracy": [0.5, 1.0]}
    builder.event("scales", values=scales, excluded={"c/auroc": "one outcome", "b/f1": "alike"})
    notes = list(
        notes_of(
            builder.sweep_record,
            None,
            {"a": ("accuracy",), "b": ("accuracy",)},
            ["a finalist failed"],
            compared=[],
            reference={"test/a/accuracy": 0.51, "test/b/accuracy": 0.9},
        )
    )
    assert notes == ["a finalist failed", "The f1 of task b is left out: alike"]
