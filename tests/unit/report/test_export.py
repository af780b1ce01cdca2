"""The report as JSON."""

from __future__ import annotations

import json
import re

import pytest

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.leaderboard import leaderboard
from mtl_search.report import to_json
from tests.support.recorded_sweeps import TASKS, Builder, config, whole


def test_json_has_its_keys(builder: Builder) -> None:
    whole(builder)
    tree = to_json(Evidence.of(builder.sweep_record, config()))
    assert set(tree) == {
        "format",
        "sweep",
        "data",
        "environment",
        "tasks",
        "reference",
        "trials",
        "verdict",
        "by_task",
        "arms",
        "selection_floor",
        "mean_ranks",
        "rungs",
        "pareto",
        "health",
        "views",
    }
    assert to_json.__doc__ is not None
    assert [key for key in tree if f"        {key}: " not in to_json.__doc__] == []
    assert tree["sweep"] == {
        "id": "sweep-1",
        "name": "demo",
        "started": 1_700_000_001.0,
        "sessions": 1,
        "complete": True,
        "stopped": None,
    }
    assert tree["trials"][0]["parameters"] == 1000
    assert isinstance(tree["trials"][0]["parameters"], int)
    assert {"outcome", "sentence", "search", "equal", "weights", "winners", "notes"} <= set(
        tree["verdict"]
    )


def test_rows_of_tasks_arms_and_checks_have_their_keys(builder: Builder) -> None:
    whole(builder.scales(), seeds=5, twins=True, items=100)
    tree = to_json(Evidence.of(builder.sweep_record, config(), builder.path.parent))
    assert json.loads(json.dumps(tree, allow_nan=False)) == tree
    assert [row["task"] for row in tree["by_task"]] == list(TASKS)
    assert tree["by_task"][0]["trivial"] == 0.5
    assert len(tree["by_task"][0]["interval"]) == 2
    arms = [row["arm"] for row in tree["selection_floor"]]
    assert arms == [*(f"single/{task}" for task in TASKS), "equal", "search"]
    assert all(row["floor"] > 0 for row in tree["selection_floor"])
    assert {frozenset(row) for row in tree["health"]} == {frozenset({"name", "ok", "text"})}
    assert tree["verdict"]["sharing"]["gain"]["items"] == 100
    assert tree["trials"][0]["skill"] == pytest.approx(0.76)


def test_keys_of_rows_are_documented(builder: Builder) -> None:
    whole(builder.scales())
    tree = to_json(Evidence.of(builder.sweep_record, config()))
    words = set(re.findall(r"\w+", to_json.__doc__ or ""))
    for name in ("by_task", "arms", "selection_floor", "health"):
        assert set(tree[name][0]) - words == set()
    assert set(tree["verdict"]) - words == set()


def test_auxiliary_tasks_are_shown_and_not_counted(builder: Builder) -> None:
    settings = config(**{"tasks.same.role": "auxiliary"})
    whole(builder)
    assert "val/same/accuracy" in leaderboard(builder.sweep_record, settings)
    tree = to_json(Evidence.of(builder.sweep_record, settings))
    assert set(tree["verdict"]["search"]["tasks"]) == {"left", "right"}
    assert [row["task"] for row in tree["by_task"]] == ["left", "right"]
