from __future__ import annotations

from pathlib import Path

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.provenance import provenance
from mtl_search.config import load_config
from mtl_search.storage.events import DataDescribed, EnvironmentDescribed, SweepStarted
from mtl_search.storage.journal import read_record

FOLDER = Path("tests/fixtures/sweeps/v0_1_finished")


def test_a_change_between_sessions_has_a_row_of_its_own() -> None:
    record = read_record(FOLDER / "journal.jsonl")
    evidence = Evidence.of(record, load_config(FOLDER / "config.yaml"))
    assert provenance(evidence) is None  # version 0.1 wrote nothing of it
    splits = {"train": 3000, "validation": 1, "test": 1}
    record.sessions = 0
    for digest, torch in (("a1", "2.8"), ("a1", "2.9")):
        record.apply(SweepStarted(id="f00", name="old"))
        versions = {"mtl_search": "0.3.0", "python": "3.11.7", "torch": torch}
        record.apply(
            EnvironmentDescribed(versions=versions, platform="Linux", devices={"CPU": 2.0})
        )
        if not record.data:
            targets = {"a": "class", "b": "class", "c": "real"}
            record.apply(DataDescribed(name="t", digest=digest, splits=splits, targets=targets))
    view = provenance(evidence)
    assert view is not None
    rows = [tuple(row.values()) for row in view.rows]
    assert ("data", "digest", "a1", 1) in rows
    assert ("data", "train samples", "3,000", 1) in rows
    assert ("data", "targets", "2 class, 1 real", 1) in rows
    assert [row for row in rows if row[1] == "torch"] == [
        ("versions", "torch", "2.8", 1),
        ("versions", "torch", "2.9", 2),
    ]
    assert ("devices", "CPU", "2", 1) in rows
    assert view.summary == (
        "Seed 0, data t with digest a1, mtl_search 0.3.0, torch 2.9, Python 3.11.7. "
        "The environment changed between sessions."
    )
