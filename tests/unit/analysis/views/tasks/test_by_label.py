"""Scores of labels over the seeds of two networks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import pytest

from mtl_search.analysis.views.tasks.by_label import by_label
from mtl_search.storage import item_values
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder, whole


def swept(folder: Path, left: Mapping[str, Mapping[str, float]]) -> Builder:
    """A whole sweep whose finalists have scores of the labels of `left`, other ones each seed."""
    builder = whole(Builder(folder / "journal.jsonl").sweep().scales(0.5), trials=1, seeds=3)
    for arm, gain in (("single/left", 0.0), ("search", 0.1)):
        for seed, trial in enumerate(builder.sweep_record.arm(f"final/{arm}")):
            scores: Mapping[str, Mapping[str, float]] = {
                f"left/{score}": {
                    label: value + (gain + 0.01 * seed) * (score != "positives")
                    for label, value in by_name.items()
                }
                for score, by_name in left.items()
            }
            values = item_values.read(folder, trial.id)
            item_values.write(folder, trial.id, item_values.encode(values, scores))
    return builder


def test_a_row_has_the_means_of_both_networks(tmp_path: Path) -> None:
    scores: Mapping[str, Mapping[str, float]] = {
        "positives": {"flu": 9, "gout": 0, "rash": 4},
        "auroc": {"flu": 0.8, "gout": math.nan, "rash": 0.6},
        "f1": {"flu": 0.3, "gout": math.nan, "rash": 0.5},
    }
    view = by_label(evidence_of(swept(tmp_path, scores)))
    assert view is not None
    first = dict(view.rows[0])
    assert first.pop("single") == pytest.approx(0.81)
    assert first.pop("shared") == pytest.approx(0.91)
    assert first.pop("spread") == pytest.approx(0.01, rel=1e-4)
    assert first == {"task": "left", "label": "flu", "positives": 9, "score": "auroc"}
    assert [(row["label"], row["score"]) for row in view.rows] == [
        ("flu", "auroc"),
        ("rash", "auroc"),
        ("flu", "f1"),
        ("rash", "f1"),
    ]
    assert view.summary == (
        "Of left, flu has the best auroc (0.9100) and rash the worst (0.7100). Left out, since the "
        "test split leaves them undefined: gout of left (auroc, f1)."
    )


def test_of_a_loss_the_lowest_is_the_best(tmp_path: Path) -> None:
    scores: Mapping[str, Mapping[str, float]] = {
        "positives": {"a": 1, "b": 2},
        "brier_score_loss": {"a": 0.3, "b": 0.1},
    }
    view = by_label(evidence_of(swept(tmp_path, scores)))
    assert view is not None
    assert view.summary.startswith("Of left, b has the best brier_score_loss")


def test_hundreds_of_labels_have_a_row_each_and_a_short_summary(tmp_path: Path) -> None:
    names = [f"label {number}" for number in range(300)]
    scores: Mapping[str, Mapping[str, float]] = {
        "positives": dict.fromkeys(names, 1.0),
        "auroc": {name: math.nan if number % 2 else 0.5 for number, name in enumerate(names)},
    }
    view = by_label(evidence_of(swept(tmp_path, scores)))
    assert view is not None
    assert len(view.rows) == 150
    assert len(view.summary) < 300
    assert view.summary.endswith("and 146 more.")


def test_a_sweep_without_scores_of_labels_has_no_such_view(tmp_path: Path) -> None:
    evidence = evidence_of(whole(Builder(tmp_path / "journal.jsonl").sweep(), trials=1, seeds=2))
    assert by_label(evidence) is None
