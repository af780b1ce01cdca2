from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.cost import cost
from mtl_search.config import load_config
from mtl_search.storage.journal import read_record
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder

FOLDER = Path("tests/fixtures/sweeps/v0_1_finished")


def test_every_trial_is_counted_once() -> None:
    record = read_record(FOLDER / "journal.jsonl")
    view = cost(Evidence.of(record, load_config(FOLDER / "config.yaml"), FOLDER))
    assert view is not None
    assert sum(row["trials"] for row in view.rows) == len(record.trials)
    assert sum(row["epochs"] for row in view.rows) == sum(t.last_epoch for t in record)


def test_what_stopping_has_saved(tmp_path: Path) -> None:
    """One trial of 10 epochs, one stopped after 2: an epoch takes half a second."""
    builder = Builder(tmp_path / "journal.jsonl").sweep().scales()
    builder.trial("search", 0, 0.9, epochs=10)
    builder.trial("search", 1, 0.5, epochs=2, state="PRUNED")
    view = cost(evidence_of(builder, **{"training.epochs": 10}))
    assert view is not None
    (row,) = view.rows
    assert (row["epochs"], row["full_epochs"]) == (12, 20)
    assert (row["seconds"], row["full_seconds"]) == pytest.approx((6.0, 10.0))
    assert view.about["saved_epochs"] == 8
    assert "stopping saved 40 % of the epochs" in view.summary


def test_failed_trials_are_told(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep().scales()
    builder.trial("search", 0, 0.9)
    builder.trial("search", 1, 0.5, state="FAIL")
    view = cost(evidence_of(builder))
    assert view is not None
    assert "1 of them failed" in view.summary


def test_one_trial_is_told_in_the_singular(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep().scales()
    builder.trial("search", 0, 0.9, epochs=3)
    view = cost(evidence_of(builder))
    assert view is not None
    assert view.summary.startswith("1 trial trained 3 epochs in 1 arm, which took ")


def test_samples_are_counted_where_every_trial_knows_them(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep().scales()
    builder.trial("search", 0, 0.9, epochs=3, samples_per_epoch=100)
    builder.trial("equal", 0, 0.9, epochs=3)
    view = cost(evidence_of(builder))
    assert view is not None
    assert {row["arm"]: row["samples"] for row in view.rows} == {"search": 300, "equal": None}


def test_packs_are_told(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep().scales()
    builder.trial("search", 0, 0.9, pack=2)
    builder.trial("search", 1, 0.8, pack="apart: out of memory")
    view = cost(evidence_of(builder))
    assert view is not None
    assert view.summary.endswith(
        "1 of 2 trials trained in packs of up to 2; "
        "packs trained one after another: out of memory (1 trial)."
    )
