"""Gains by task, side by side."""

from __future__ import annotations

from collections.abc import Callable

from mtl_search.analysis.by_task import task_rows
from mtl_search.analysis.sweeps.by_task import by_task
from mtl_search.analysis.sweeps.sweep import Sweep
from tests.support.compared_sweeps import OLD, read_sweep

Make = Callable[..., Sweep]


def test_the_numbers_are_those_of_each_report(sweep: Make) -> None:
    sweeps = [sweep("one", items=50), sweep("two", items=50, random=1)]
    view = by_task(sweeps)
    assert view is not None
    assert [(row["task"], row["sweep"]) for row in view.rows[:3]] == [
        ("left", "one"),
        ("left", "two"),
        ("right", "one"),
    ]
    evidence = sweeps[1].evidence
    for expected in task_rows(evidence.record, evidence.tasks, evidence.verdict):
        (row,) = (r for r in view.rows if (r["task"], r["sweep"]) == (expected.task, "two"))
        assert (row["gain"], (row["low"], row["high"])) == (expected.gain, expected.interval)
        assert (row["single"], row["shared"]) == (expected.single, expected.shared)
    assert "only" not in {column.name for column in view.columns}


def test_tasks_of_one_sweep_alone_say_so(sweep: Make) -> None:
    view = by_task([sweep("one", "left", "right"), sweep("two", "left")])
    assert view is not None
    assert [(row["task"], row["only"]) for row in view.rows] == [
        ("left", None),
        ("left", None),
        ("right", "only one"),
    ]
    assert view.summary == "1 of 2 main tasks are in all sweeps, 1 are not."


def test_each_gain_has_the_unit_of_its_sweep(sweep: Make) -> None:
    view = by_task([sweep("one", "left", "right"), read_sweep(OLD / "v0_1_finished")])
    assert view is not None
    assert [row["unit"] for row in view.rows] == ["points", "%", "points", "%"]


def test_a_sweep_without_finalists_has_no_gain(sweep: Make) -> None:
    view = by_task([sweep("one"), sweep("begun", seeds=0)])
    assert view is not None
    assert [row["gain"] for row in view.rows if row["sweep"] == "begun"] == [None] * 3
