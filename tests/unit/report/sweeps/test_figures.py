"""Figures of a comparison show the rows of their views."""

from __future__ import annotations

import pytest

from mtl_search.report.sweeps.document import SweepsDocument
from mtl_search.report.sweeps.figures import curves_figure, gains_figure


def test_gains_are_drawn_with_their_intervals(document: SweepsDocument) -> None:
    view = document.view("by_task")
    assert view is not None
    figure = gains_figure(view)
    assert [trace.name for trace in figure.data] == ["one", "two"]
    for trace in figure.data:
        mine = [row for row in view.rows if row["sweep"] == trace.name]
        assert list(trace.y) == [row["task"] for row in mine]
        assert list(trace.x) == pytest.approx([100 * row["gain"] for row in mine])
        ends = [x + arm for x, arm in zip(trace.x, trace.error_x.array, strict=True)]
        assert ends == pytest.approx([100 * row["high"] for row in mine])
        starts = [x - arm for x, arm in zip(trace.x, trace.error_x.arrayminus, strict=True)]
        assert starts == pytest.approx([100 * row["low"] for row in mine])


def test_of_very_many_tasks_those_that_differ_most_are_drawn(document: SweepsDocument) -> None:
    view = document.view("by_task")
    assert view is not None
    rows = [
        {**row, "task": f"t{n}", "gain": n / 1000 * (row["sweep"] == "two")}
        for n in range(120)
        for row in view.rows[:2]
    ]
    figure = gains_figure(type(view)("by_task", "t", "s", view.columns, rows))
    assert list(figure.data[0].y) == [f"t{n}" for n in range(80, 120)]
    assert figure.layout.height < 2500


def test_curves_have_a_line_for_each_arm_of_each_sweep(document: SweepsDocument) -> None:
    view = document.view("curves")
    assert view is not None
    figure = curves_figure(view)
    names = [f"{sweep}, {arm}" for sweep in ("one", "two") for arm in ("equal", "search")]
    assert [trace.name for trace in figure.data] == names
    assert list(figure.data[1].y) == [
        row["best"] for row in view.rows if (row["sweep"], row["arm"]) == ("one", "search")
    ]
    one, same, two, _ = (trace.line.color for trace in figure.data)
    assert one == same != two


def test_names_are_short_apart_and_no_markup(document: SweepsDocument) -> None:
    view = document.view("by_task")
    assert view is not None
    names = [f"<b>{'a_long_name_' * 25}{number}" for number in range(3)]
    rows = [{**view.rows[0], "task": name} for name in names]
    (trace,) = gains_figure(type(view)("by_task", "t", "s", view.columns, rows)).data
    assert len(set(trace.y)) == 3
    assert all(len(place) < 30 and "<" not in place for place in trace.y)
    assert all(f"<b>&lt;b&gt;{'a_long_name_' * 25}" in text for text in trace.customdata)
