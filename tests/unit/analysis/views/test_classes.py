"""Which class is which, in a report."""

from __future__ import annotations

from pathlib import Path

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.classes import classes
from mtl_search.config import load_config
from mtl_search.storage.events import DataDescribed, SweepStarted
from mtl_search.storage.journal import read_record

FOLDER = next(iter(sorted(Path("tests/fixtures/sweeps").glob("*/journal.jsonl")))).parent


def test_the_positive_class_is_told() -> None:
    record = read_record(FOLDER / "journal.jsonl")
    evidence = Evidence.of(record, load_config(FOLDER / "config.yaml"))
    assert classes(evidence) is None, "nothing was written of classes then"
    record.apply(SweepStarted(id="f00", name="old"))
    described = DataDescribed(
        name="t",
        digest="a1",
        splits={"train": 4},
        targets={"status": "binary", "kind": "class", "age": "real"},
        classes={"status": [["healthy", 3], ["ill", 1]], "kind": [["a", 2], ["b", 1], ["c", 1]]},
    )
    record.apply(described)
    view = classes(evidence)
    assert view is not None
    assert view.summary == (
        "Of status, ill is positive (1 training samples) and healthy negative (3)."
    )
    assert [tuple(row.values()) for row in view.rows][:3] == [
        ("status", "binary", 0, "healthy", 3, ""),
        ("status", "binary", 1, "ill", 1, "yes"),
        ("kind", "class", 0, "a", 2, ""),
    ]
