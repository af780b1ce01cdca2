"""The layout of a network's picture: where boxes and arrows lie."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mtl_search.models.graph import Graph
from mtl_search.report.network_plot.layout import arrange
from mtl_search.report.network_plot.shapes import Arrow, Box, Layout
from tests.support.graphs import VIEWS, graph
from tests.support.model_cases import SHARING_CASES

THREE = {"a": ["left"], "b": ["right"], "c": ["left", "right"]}


POLICIES = [(name, arguments) for name, cases in SHARING_CASES.items() for arguments in cases]


IDS = [f"{name}-{arguments}" for name, arguments in POLICIES]


def _overlap(one: Box, other: Box) -> bool:
    across = one.x < other.x + other.width - 1e-9 and other.x < one.x + one.width - 1e-9
    return across and one.y < other.y + other.height - 1e-9 and other.y < one.y + one.height - 1e-9


def _passes(arrow: Arrow, box: Box) -> bool:
    """Whether a vertical arrow runs through the inside of a box."""
    (x, start), (_, end) = arrow.start, arrow.end
    return (
        box.x < x < box.x + box.width and start < box.y + box.height - 1e-9 and box.y + 1e-9 < end
    )


def _box_at(layout: Layout, x: float, y: float) -> list[Box]:
    """Boxes whose upper or lower side has this point."""
    return [
        b
        for b in layout.boxes
        if b.x <= x <= b.x + b.width and min(abs(b.y - y), abs(b.y + b.height - y)) < 1e-9
    ]


def assert_no_overlap_and_all_edges(drawn: Graph, layout: Layout, *, straight: bool = True) -> None:
    """No boxes overlap, and each edge is an arrow from its source down to its target."""
    assert not [pair for pair in itertools.combinations(layout.boxes, 2) if _overlap(*pair)]
    for box in layout.boxes:
        assert box.x >= 0
        assert box.x + box.width <= layout.width + 1e-9
        assert box.y + box.height <= layout.height + 1e-9
        assert box.lines
    shown = [{node.id for node in box.nodes} for box in layout.boxes]
    assert set.union(*shown) == {node.id for node in drawn.nodes}
    joined = set()
    for arrow in layout.arrows:
        assert arrow.start[1] < arrow.end[1]
        sources, targets = _box_at(layout, *arrow.start), _box_at(layout, *arrow.end)
        joined |= {(s.id, t.id) for a in sources for b in targets for s in a.nodes for t in b.nodes}
        assert not straight or (
            arrow.start[0] == arrow.end[0] and not [b for b in layout.boxes if _passes(arrow, b)]
        )
    assert {(edge.source, edge.target) for edge in drawn.edges} == joined


@pytest.mark.parametrize(("name", "arguments"), POLICIES, ids=IDS)
def test_every_policy_is_tidy(name: str, arguments: Any) -> None:
    drawn = graph(THREE, 2, {"name": name, **arguments})
    assert_no_overlap_and_all_edges(drawn, arrange(drawn))


@st.composite
def _networks(draw_: st.DrawFn) -> Graph:
    tasks = [f"task {i}" for i in range(draw_(st.integers(1, 6)))]
    stages = draw_(st.integers(1, 4))
    names = st.lists(st.sampled_from(VIEWS), min_size=1, max_size=2, unique=True)
    views = {task: draw_(names) for task in tasks}
    depth = {task: draw_(st.integers(0, stages)) for task in tasks}
    side_inputs = draw_(st.lists(st.sampled_from(tasks), unique=True))
    return graph(views, stages, {"name": "hard", "depth": depth}, side_inputs)


@settings(max_examples=60)
@given(_networks())
def test_hard_sharing_is_tidy_whatever_its_depths(drawn: Graph) -> None:
    assert_no_overlap_and_all_edges(drawn, arrange(drawn))


@pytest.mark.parametrize("tasks", [2, 12])
@pytest.mark.parametrize("stages", [2, 16])
def test_few_and_many(tasks: int, stages: int) -> None:
    views = {f"assay {i}": ["left"] for i in range(tasks)}
    sizes = {}
    for depth in (0, stages):
        drawn = graph(views, stages, {"name": "hard", "depth": depth})
        layout = arrange(drawn)
        assert_no_overlap_and_all_edges(drawn, layout)
        sizes[depth] = layout.width
    assert sizes[stages] <= tasks * 1.6
    assert sizes[0] <= tasks * 1.6, "as wide as the tasks need, not as their number of stages"


def test_what_all_tasks_share_lies_across_them_all() -> None:
    drawn = graph(
        {"a": ["left"], "b": ["left"], "c": ["left"]},
        3,
        {"name": "hard", "depth": {"a": 0, "c": 2}},
    )
    box = {node.id: box for box in arrange(drawn).boxes for node in box.nodes}
    lanes = [box[f"head:{task}"] for task in ("b", "c", "a")]
    assert [lane.x for lane in lanes] == sorted(lane.x for lane in lanes), (
        "those that share stand beside each other"
    )
    first, last = box["block:0"], box["block:2"]
    assert (first.x, first.x + first.width) == pytest.approx(
        (lanes[0].x, lanes[1].x + lanes[1].width)
    )
    assert (last.x, last.width) == pytest.approx((lanes[0].x, lanes[0].width))
    assert box["view:left"].width == pytest.approx(arrange(drawn).width)
    assert len({lane.y for lane in lanes}) == 1


def test_a_view_of_distant_lanes_is_drawn_in_each() -> None:
    layout = arrange(graph(THREE, 2, {"name": "hard", "depth": 0}))
    views = [node.label for box in layout.boxes for node in box.nodes if node.kind == "input"]
    assert sorted(views) == ["left", "left", "right", "right"]


def test_labels_say_where_views_part() -> None:
    layout = arrange(graph(THREE, 2, {"name": "hard", "depth": 1}))
    assert [arrow.label for arrow in layout.arrows if arrow.label] == [
        "left",
        "right",
        "left, right",
        "left, right",
    ]
    assert not [a.label for a in arrange(graph({"a": ["left"], "b": ["left"]})).arrows if a.label]


def test_soft_sharing_has_ties_between_neighbours() -> None:
    layout = arrange(graph(THREE, 3, {"name": "soft", "strength": [0.1, 2.5], "depth": 2}))
    assert [tie.label for tie in layout.ties] == ["λ 0.1", "λ 0.1", "λ 2.5", "λ 2.5"]
    edges = {(round(box.x, 6), round(box.x + box.width, 6)) for box in layout.boxes}
    for tie in layout.ties:
        assert any(abs(tie.left - right) < 1e-6 for _, right in edges)
        assert any(abs(tie.right - left) < 1e-6 for left, _ in edges)


def test_boxes_of_a_policy_unheard_of_share_their_place() -> None:
    drawn = graph({"a": ["left"], "b": ["left"]}, 1, "tests.support.graphs:Experts")
    layout = arrange(drawn)
    assert_no_overlap_and_all_edges(drawn, layout, straight=False)
    assert {"another dense 8", "sum"} <= {node.label for box in layout.boxes for node in box.nodes}


def test_it_fills_the_width_of_its_title() -> None:
    drawn = graph({"a": ["left"]})
    assert arrange(drawn).width < 3
    assert arrange(drawn, 5.0).width == pytest.approx(5.0)
