"""The legend of a network's picture: one entry for all that is shown, in rows of its width."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mtl_search.models.graph import Graph
from mtl_search.report.network_plot.layout import arrange
from mtl_search.report.network_plot.legend import is_frozen, legend_rows
from tests.support.graphs import graph

THREE = {"a": ["left"], "b": ["right"], "c": ["left", "right"]}


def _meanings(drawn: Graph) -> list[str]:
    return [entry.meaning for row in legend_rows(drawn, arrange(drawn)) for entry in row]


@pytest.mark.parametrize(
    ("sharing", "shown"),
    [
        ({"name": "hard"}, ["shared by all tasks"]),
        ({"name": "hard", "depth": {"a": 0}}, ["shared by some tasks", "of one task"]),
        (
            {"name": "soft", "strength": 0.1},
            ["of one task", "tied: λ × mean squared distance of the weights"],
        ),
        (
            {"name": "cross_stitch"},
            ["column of one task, mixed into all", "mixture of the columns"],
        ),
    ],
)
def test_the_legend_explains_what_the_picture_shows(
    sharing: dict[str, object], shown: list[str]
) -> None:
    meanings = _meanings(graph(THREE, 2, sharing))
    assert set(shown) <= set(meanings)
    assert {"view of the data", "head"} < set(meanings)
    assert "in training only" not in meanings


def test_frozen_stages_have_an_entry() -> None:
    drawn = graph({"a": ["left"]})
    assert "frozen" not in _meanings(drawn)
    nodes = [replace(node, trainable=0) for node in drawn.nodes]
    assert [is_frozen(node) for node in nodes] == [node.parameters > 0 for node in nodes]
    assert "frozen" in _meanings(replace(drawn, nodes=tuple(nodes)))


def test_rows_are_no_wider_than_the_picture() -> None:
    drawn = graph(THREE, 2, {"name": "soft", "strength": 0.1})
    narrow, wide = arrange(drawn), arrange(drawn, 30.0)
    rows = legend_rows(drawn, narrow)
    assert len(rows) > 1
    assert all(row[-1].end <= narrow.width for row in rows if len(row) > 1)
    assert len(legend_rows(drawn, wide)) == 1
