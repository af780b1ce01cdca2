"""The report as JSON."""

from __future__ import annotations

from mtl_search.analysis.leaderboard import leaderboard
from mtl_search.report import to_json
from tests.support.recorded_sweeps import Builder, config, whole


def test_json_has_its_keys(builder: Builder) -> None:
    whole(builder)
    tree = to_json(builder.sweep_record, config())
    assert set(tree) == {
        "format",
        "sweep",
        "tasks",
        "reference",
        "trials",
        "verdict",
        "arms",
        "mean_ranks",
        "rungs",
        "pareto",
    }
    assert tree["sweep"] == {
        "id": "sweep-1",
        "name": "demo",
        "started": 1_700_000_001.0,
        "sessions": 1,
        "complete": True,
    }
    assert tree["trials"][0]["parameters"] == 1000
    assert isinstance(tree["trials"][0]["parameters"], int)
    assert {"outcome", "sentence", "search", "equal", "weights", "winners", "notes"} <= set(
        tree["verdict"]
    )


def test_auxiliary_tasks_are_shown_and_not_counted(builder: Builder) -> None:
    settings = config(**{"tasks.same.role": "auxiliary"})
    whole(builder)
    assert "val/same/accuracy" in leaderboard(builder.sweep_record, settings)
    assert "same" not in to_json(builder.sweep_record, settings)["verdict"]["search"]["gains"]
