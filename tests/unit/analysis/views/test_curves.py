from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.curves import curves
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder
from tests.support.varied_sweeps import accuracy, skill


def test_bands_are_over_the_seeds_of_the_winner(evidence: Evidence) -> None:
    view = curves(evidence)
    assert view is not None
    (row,) = (r for r in view.rows if r["curve"] == "search")
    assert (row["epoch"], row["seeds"], row["of"]) == (1, 3, "fresh seeds")
    ends = (row["low"], row["mean"], row["high"])
    assert ends == pytest.approx([skill(value) for value in (0.92, 0.93, 0.94)])


def test_trials_show_each_epoch_and_not_the_best_so_far(evidence: Evidence) -> None:
    view = curves(evidence)
    assert view is not None
    rows = [row for row in view.rows if row["curve"] == "search-0008"]
    end = accuracy(2, 4.0)
    first = (end - 0.2 + 1 - end) / 2  # left is at its beginning, right turned around
    assert rows[0]["mean"] == pytest.approx(skill(first))
    assert rows[-1]["mean"] == pytest.approx(skill(end))


def test_long_curves_are_thinned_with_their_ends(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep().scales()
    builder.trial("search", 0, 0.9, epochs=200)
    view = curves(evidence_of(builder))
    assert view is not None
    epochs = [row["epoch"] for row in view.rows]
    assert len(epochs) == 50
    assert (epochs[0], epochs[-1]) == (1, 200)
