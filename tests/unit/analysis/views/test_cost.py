from __future__ import annotations

from pathlib import Path

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.cost import cost
from mtl_search.config import load_config
from mtl_search.storage.journal import read_record

FOLDER = Path("tests/fixtures/sweeps/v0_1_finished")


def test_every_trial_is_counted_once() -> None:
    record = read_record(FOLDER / "journal.jsonl")
    view = cost(Evidence.of(record, load_config(FOLDER / "config.yaml"), FOLDER))
    assert view is not None
    assert sum(row["trials"] for row in view.rows) == len(record.trials)
    assert sum(row["epochs"] for row in view.rows) == sum(t.last_epoch for t in record)
