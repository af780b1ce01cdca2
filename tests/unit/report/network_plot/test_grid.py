"""The grid of a network's picture: rows and lanes."""

from __future__ import annotations

from mtl_search.report.network_plot.grid import inner_sources, make_grid, view_sources
from tests.support.graphs import graph


def test_tasks_that_share_the_most_stages_have_the_first_lanes() -> None:
    views = {"a": ["left"], "b": ["left"], "c": ["left"]}
    drawn = graph(views, 3, {"name": "hard", "depth": {"a": 0, "c": 2}})
    grid = make_grid(drawn)
    assert grid.lanes == 3
    spans = {task: grid.spans[f"head:{task}"] for task in views}
    assert spans == {"b": (0, 0), "c": (1, 1), "a": (2, 2)}
    assert grid.spans["block:0"] == (0, 1)
    assert grid.spans["view:left"] == (0, 2)
    assert grid.last_lane([drawn.by_id["head:b"], drawn.by_id["block:0"]]) == 1


def test_a_column_of_cross_stitch_stays_in_the_lane_of_its_task() -> None:
    drawn = graph({"a": ["left"], "b": ["left"]}, 2, "cross_stitch")
    grid = make_grid(drawn)
    columns = [node for node in drawn.nodes if node.column]
    assert columns
    for node in columns:
        assert grid.spans[node.id] == grid.spans[f"head:{node.column}"]


def test_rows_follow_the_data_and_leave_one_for_the_views_of_side_inputs() -> None:
    drawn = graph({"a": ["left"], "b": ["left"]}, 2, "hard", ["a"])
    rows = make_grid(drawn).rows
    assert "view:left" not in rows
    (side_inputs,) = (node for node in drawn.nodes if node.kind == "side_inputs")
    (above,) = inner_sources(drawn, side_inputs)
    assert rows[side_inputs.id] == rows[above.id] + 2
    assert {node.label for node in view_sources(drawn, side_inputs)} == {"age", "region of birth"}
    assert rows["head:a"] == rows["head:b"] == rows[side_inputs.id] + 1
