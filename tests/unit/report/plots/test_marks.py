from __future__ import annotations

from mtl_search.analysis.views.view import Column, View
from mtl_search.report.plots import marks, theme

VIEW = View(
    "a",
    "",
    "",
    [Column("task", "task"), Column("gain", "gain (points)", "points"), Column("n", "n", "count")],
    [{"task": "a<b", "gain": 0.018, "n": None}, {"task": "c", "gain": None, "n": 1234}],
)


def test_texts_are_in_the_formats_of_the_tables() -> None:
    assert marks.hover_texts(VIEW, ["task", "gain", "n", "none"], VIEW.rows) == [
        "<b>a&lt;b</b><br>gain (points): +1.80",
        "<b>c</b><br>n: 1,234",
    ]


def test_percent_and_points_are_drawn_times_100() -> None:
    assert marks.values(VIEW, "gain", VIEW.rows) == [100 * 0.018, None]
    assert marks.values(VIEW, "n", VIEW.rows) == [None, 1234]
    assert marks.shown("skill", 0.5) == 0.5


def test_bars_reach_from_low_to_high() -> None:
    bars = marks.error_bars([1.0, 2.0], [0.5, None], [3.0, None])
    assert (bars["array"], bars["arrayminus"]) == ([2.0, 0.0], [0.5, 0.0])


def test_a_menu_shows_one_group_at_a_time() -> None:
    (menu,) = marks.menu(["a", "b"], [[True, False], [False, True]])
    shown = {button["label"]: button["args"][0]["visible"] for button in menu["buttons"]}
    assert shown == {"a": [True, False], "b": [False, True]}
    assert marks.menu(["a"], [[True]]) == []


def test_axes_have_the_titles_of_their_columns() -> None:
    assert marks.measure_axis(VIEW, "gain") == "gain (points)"
    assert marks.column_of(VIEW, "none").kind == "text"


def test_long_names_are_cut() -> None:
    assert marks.shortened("x" * 30, 10) == "x" * 9 + "…"
    assert marks.shortened("<b>", 10) == "&lt;b&gt;"


def test_the_zero_line_is_on_its_axis() -> None:
    figure = theme.new_figure([])
    marks.zero_line(figure)
    marks.zero_line(figure, "y")
    assert [(s.x0, s.y0) for s in figure.layout.shapes] == [(0, 0), (0, 0)]
    assert [s.xref for s in figure.layout.shapes] == ["x", "x domain"]


def test_names_that_are_cut_alike_stay_apart() -> None:
    """One category of an axis is one name, or two tasks would be one row."""
    names = ["toxicity_of_a", "toxicity_of_b", "x" * 40 + "a" + "y" * 40, "x" * 40 + "b" + "y" * 40]
    labels = marks.labels([*names, "species"], 10)
    assert len(set(labels.values())) == 5
    assert all(len(text) <= 10 for text in labels.values())
    assert labels["species"] == "species"
    assert marks.labels(["<b>"]) == {"<b>": "&lt;b&gt;"}
