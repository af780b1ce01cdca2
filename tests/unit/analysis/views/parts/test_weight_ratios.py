from __future__ import annotations

from pathlib import Path

import pytest

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views.parts.weight_ratios import reference_task, weight_ratios
from tests.support.evidence import evidence_of
from tests.support.recorded_sweeps import Builder


def rows(evidence: Evidence) -> list[dict[str, object]]:
    return sorted(
        (row for row in evidence.rows if row["arm"] == "search"), key=lambda row: row["number"]
    )


def test_static_weights_have_the_ratio_that_was_drawn(evidence: Evidence) -> None:
    (ratios,) = weight_ratios(evidence, rows(evidence)[:9]).values()
    assert ratios == [0.25, 1.0, 4.0] * 3


def test_adaptive_weights_have_the_ratio_of_their_means(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl", ("left", "right")).sweep().scales()
    for number, pair in enumerate([(1.0, 3.0), (1.5, 0.5)]):
        trial = builder.begin("search", number, adaptive=True)
        for epoch in (1, 2):
            logged = {f"train/weight/{t}": w for t, w in zip(builder.tasks, pair, strict=True)}
            builder.epoch(trial, epoch, 0.5, {"left": 0.5, "right": 0.5}, **logged)
        builder.end(trial)
    evidence = evidence_of(builder)
    assert weight_ratios(evidence, rows(evidence))["right"] == pytest.approx([3.0, 1 / 3])


def test_the_reference_is_that_of_the_space(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl", ("left", "right")).sweep()
    space = {"tasks.*.loss_weight": {"log_ratio": 10, "reference": "right"}}
    assert reference_task(evidence_of(builder, **{"search.space": space})) == "right"
    assert reference_task(evidence_of(builder, **{"search.space": {}})) == "left"
