"""A case from beginning to end: the product's own sweep, interrupted, resumed and rendered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from mtl_search.storage.records import SweepRecord
from tests.benchmarks.real_sets.cases import CASES
from tests.benchmarks.real_sets.finished import Finished
from tests.benchmarks.real_sets.sweep import run_sweep
from tests.benchmarks.real_sets.table import render
from tests.unit.benchmarks.test_real_data import write_images

SMALL = [
    "training.epochs=1",
    "search.trials=2",
    "search.finalists.top=1",
    "search.finalists.seeds=2",
    "search.finalists.max_seeds=2",
    "data.train=20",
    "data.validation=10",
    "data.test=30",
]


def test_a_sweep_goes_on_where_it_ended(tmp_path: Path) -> None:
    images = tmp_path / "mnist" / "t10k-images-idx3-ubyte.gz"
    images.parent.mkdir()
    write_images(images, 60)
    case = replace(CASES["pixels"], tasks=CASES["pixels"].tasks[:2])
    config = case.config(tmp_path, SMALL)
    told: list[str] = []

    def stop(record: SweepRecord) -> None:
        told.append(next(reversed(list(record))).id)
        if len(told) == 3:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_sweep(config, tmp_path / "sweep", stop)
    before = len(told)
    record = run_sweep(config, tmp_path / "sweep", lambda record: told.append(record.id))
    assert record.complete
    assert len(list(record)) == len(told) > before
    assert all(trial.state == "COMPLETE" for trial in record)
    # Finished: nothing more is trained.
    run_sweep(config, tmp_path / "sweep", lambda record: told.append(record.id))
    assert len(list(record)) == len(told)

    text = render(Finished(case, config, record, tmp_path / "sweep"))
    assert "**Verdict.** " in text
    assert "2 seeds × 30 test items" in text
    assert "**The old rule.** " in text
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| r8")]
    assert [row[1].strip() for row in rows] == list(case.tasks)
    for column in (-3, -2):  # shares of the variance
        assert sum(float(row[column].strip(" %")) for row in rows) == pytest.approx(100, abs=1)
