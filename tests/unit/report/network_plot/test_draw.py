"""The picture of a network: where boxes and arrows lie, that text stays inside, and the files."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.image import imread
from matplotlib.patches import FancyBboxPatch

from mtl_search.errors import ConfigError
from mtl_search.models.graph import Graph
from mtl_search.report.network_plot.draw import ENDINGS, draw, paint, picture_ending
from mtl_search.report.network_plot.layout import arrange
from mtl_search.report.network_plot.shapes import Arrow, Box, Layout
from mtl_search.report.network_plot.text import shorten
from tests.support.graphs import VIEWS, config, graph
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


def assert_tidy(drawn: Graph, layout: Layout, *, straight: bool = True) -> None:
    """No box upon another, every edge an arrow that runs down from its source to its target and through nothing."""
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
    assert_tidy(drawn, arrange(drawn))


@st.composite
def _networks(draw_: st.DrawFn) -> Graph:
    tasks = [f"task {i}" for i in range(draw_(st.integers(1, 6)))]
    stages = draw_(st.integers(1, 4))
    names = st.lists(st.sampled_from(VIEWS), min_size=1, max_size=2, unique=True)
    views = {task: draw_(names) for task in tasks}
    depth = {task: draw_(st.integers(0, stages)) for task in tasks}
    beside = draw_(st.lists(st.sampled_from(tasks), unique=True))
    return graph(views, stages, {"name": "hard", "depth": depth}, beside)


@settings(max_examples=60)
@given(_networks())
def test_hard_sharing_is_tidy_whatever_its_depths(drawn: Graph) -> None:
    assert_tidy(drawn, arrange(drawn))


@pytest.mark.parametrize("tasks", [2, 12])
@pytest.mark.parametrize("stages", [2, 16])
def test_few_and_many(tasks: int, stages: int) -> None:
    views = {f"assay {i}": ["left"] for i in range(tasks)}
    sizes = {}
    for depth in (0, stages):
        drawn = graph(views, stages, {"name": "hard", "depth": depth})
        layout = arrange(drawn)
        assert_tidy(drawn, layout)
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
    assert_tidy(drawn, layout, straight=False)
    assert {"another dense 8", "sum"} <= {node.label for box in layout.boxes for node in box.nodes}


def test_it_fills_the_width_of_its_title() -> None:
    drawn = graph({"a": ["left"]})
    assert arrange(drawn).width < 3
    assert arrange(drawn, 5.0).width == pytest.approx(5.0)


@pytest.mark.parametrize("long", ["x" * 200, "a name of several words " * 9])
def test_long_names_are_cut(long: str) -> None:
    assert len(shorten(long)) <= 28
    assert shorten(long).endswith("…")
    assert shorten("short") == "short"


# ----------------------------------------------------------------------------------------------------------- painted


def _texts_and_patches(figure: Figure) -> tuple[list[Any], list[Any]]:
    canvas = FigureCanvasAgg(figure)
    renderer = canvas.get_renderer()
    (axes,) = figure.axes
    texts = [text.get_window_extent(renderer) for text in axes.texts]
    return texts, [
        p.get_window_extent(renderer) for p in axes.patches if isinstance(p, FancyBboxPatch)
    ]


FAR = {"a": ["left"], "b" * 40: [VIEWS[2]], "c": ["left", VIEWS[2]]}


@pytest.mark.parametrize(
    ("views", "name", "arguments"),
    [
        *((THREE, *policy) for policy in POLICIES),
        (FAR, "hard", {"depth": 1}),
        (FAR, "hard", {"depth": {"c": 0}}),
    ],
    ids=[*IDS, "long names", "long names apart"],
)
def test_text_stays_inside_and_apart(views: Any, name: str, arguments: Any) -> None:
    figure = paint(
        graph(views, 2, {"name": name, **arguments}, ["a", "c"]), "a title", "and a subtitle " * 4
    )
    texts, patches = _texts_and_patches(figure)
    assert len(texts) > 20
    for one, other in itertools.combinations(texts, 2):
        assert not one.overlaps(other)
    width, height = figure.get_size_inches() * figure.dpi
    for text in texts:
        assert 0 < text.x0 < text.x1 < width
        assert 0 < text.y0 < text.y1 < height
        for patch in patches:  # inside or outside, never across a border
            assert not patch.overlaps(text) or (
                patch.x0 < text.x0 and text.x1 < patch.x1 and patch.y0 < text.y0
            )


def test_dollars_in_names_are_no_formulas(tmp_path: Path) -> None:
    figure = paint(graph({"a": ["left"]}), "$x_1$ and $y")
    assert figure.axes[0].texts[0].get_text() == "$x_1$ and $y"
    assert not figure.axes[0].texts[0].get_parse_math()


@pytest.mark.parametrize("ending", ENDINGS)
def test_files(ending: str, tmp_path: Path) -> None:
    file = tmp_path / "new" / f"model{ending.upper()}"
    draw(graph(THREE), config(THREE), file, "search-0007")
    beginning = {".png": b"\x89PNG", ".svg": b"<?xml", ".pdf": b"%PDF"}[ending]
    assert file.read_bytes().startswith(beginning)
    assert file.stat().st_size > 4000


def test_a_png_has_the_size_of_the_figure_and_is_not_empty(tmp_path: Path) -> None:
    draw(graph(THREE), config(THREE), tmp_path / "model.png")
    pixels = imread(tmp_path / "model.png")
    figure = paint(graph(THREE), "drawn", "mlp, hard sharing · 154 parameters, 128 of them shared")
    assert pixels.shape[1::-1] == pytest.approx(figure.get_size_inches() * 144, abs=1.5)
    colours = {tuple((255 * pixel).astype(int)) for row in pixels[::3] for pixel in row[::3]}
    assert {(0xF4, 0xF4, 0xF4, 255), (0xCF, 0xE0, 0xF3, 255), (0xF6, 0xC7, 0x9B, 255)} <= colours


def test_a_huge_network_stays_a_picture_that_can_be_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mtl_search.report.network_plot.draw._MAX_SIDE", 500)
    draw(graph(THREE), config(THREE), tmp_path / "model.png")
    assert max(imread(tmp_path / "model.png").shape) == pytest.approx(500, abs=1)
    monkeypatch.setattr("mtl_search.report.network_plot.draw._MAX_PIXELS", 90_000)
    draw(graph(THREE), config(THREE), tmp_path / "model.png")
    height, width, _ = imread(tmp_path / "model.png").shape
    assert height * width == pytest.approx(90_000, rel=0.01)


@pytest.mark.parametrize("name", ["model.jpg", "model", ".png", "model.png.txt"])
def test_another_ending_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"allowed:  \.png, \.svg, \.pdf"):
        picture_ending(tmp_path / name)
    with pytest.raises(ConfigError):
        draw(graph({"a": ["left"]}), config({"a": ["left"]}), tmp_path / name)
    assert not list(tmp_path.iterdir())


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file, and no folder")
    with pytest.raises(ConfigError, match=r"cannot write the picture.*\n.*taken/model\.png"):
        draw(graph({"a": ["left"]}), config({"a": ["left"]}), tmp_path / "taken" / "model.png")
