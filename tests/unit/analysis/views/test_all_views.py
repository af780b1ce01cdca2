"""Whatever a sweep lacks, a view shows what there is, or nothing; and it is quick and small."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from mtl_search.analysis.evidence import Evidence
from mtl_search.analysis.views import VIEWS, View, all_views
from mtl_search.config import load_config
from mtl_search.storage.journal import read_record
from tests.support.evidence import evidence_of
from tests.support.large_sweeps import large_evidence
from tests.support.recorded_sweeps import Builder, whole
from tests.support.varied_sweeps import ON_REQUEST

FIXTURES = sorted(path.parent for path in Path("tests/fixtures/sweeps").glob("*/journal.jsonl"))


def check(views: list[View]) -> None:
    for view in views:
        names = [column.name for column in view.columns]
        assert len(set(names)) == len(names), view.name
        assert view.rows, view.name
        assert view.summary.endswith("."), view.name
        for column in view.columns:
            assert column.help.endswith("."), (view.name, column.name)
            known = [row.get(column.name) for row in view.rows]
            if column.kind != "text":
                assert all(isinstance(v, int | float | None) for v in known), (view.name, column)
        assert view.csv().count("\n") > len(view.rows)


def check_units(views: list[View], unit: str) -> None:
    """A gain has the unit of the verdict, points or %, and is called Δm only where it is %."""
    for view in views:
        for column in view.columns:
            if column.title in ("from", "to", "least", "most"):
                continue  # the ends of what stands in the column before
            if column.kind == "points":
                own = "points" if view.name == "leave_one_out" else unit  # which is of skill always
                assert f"({own})" in column.title, (view.name, column)
            if column.kind == "percent":
                assert "%" in column.title, (view.name, column)
                assert "gain" not in column.title, (view.name, column)


def test_gains_have_one_unit(evidence: Evidence, tmp_path: Path) -> None:
    check_units(all_views(evidence), "points")
    by_delta_m = whole(Builder(tmp_path / "journal.jsonl"))
    check_units(all_views(evidence_of(by_delta_m, **{"search.objective": "delta_m"})), "%")


@pytest.mark.parametrize("folder", FIXTURES, ids=lambda path: path.name)
def test_sweeps_of_earlier_versions_have_views(folder: Path) -> None:
    record = read_record(folder / "journal.jsonl")
    views = all_views(Evidence.of(record, load_config(folder / "config.yaml"), folder))
    check(views)
    assert {"leaderboard", "history", "cost"} <= {view.name for view in views}


def test_a_whole_sweep_has_all_views_but_those_on_request(evidence: Evidence) -> None:
    views = all_views(evidence)
    check(views)
    assert [view.name for view in views] == [name for name in VIEWS if name not in ON_REQUEST]


def test_before_the_first_trial_there_is_nothing(tmp_path: Path) -> None:
    assert all_views(evidence_of(Builder(tmp_path / "journal.jsonl").sweep())) == []


def test_of_failures_alone_there_is_their_cost(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep().scales()
    for number in range(3):
        builder.trial("search", number, 0.5, state="FAIL")
    assert [view.name for view in all_views(evidence_of(builder))] == ["cost"]


def test_members_of_populations_are_no_results(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl").sweep().scales()
    for number in range(3):
        builder.trial("search", number, 0.5, role="member")
    assert [view.name for view in all_views(evidence_of(builder))] == ["cost"]


def test_a_depth_a_task_and_a_single_task(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl", ("left",)).sweep().scales()
    for number in range(4):
        builder.trial("equal", number, 0.5 + 0.1 * number, depth={"left": number % 2})
    views = all_views(evidence_of(builder))
    check(views)
    assert "pareto" not in {view.name for view in views}
    assert "depth" in {view.name for view in views}


@pytest.mark.parametrize(
    "changes",
    [
        {"search.objective": "delta_m"},
        {"search.objective": "val/left/accuracy"},
        {"tasks.same.importance": 0.0},
    ],
)
def test_other_objectives(changes: dict[str, Any], tmp_path: Path) -> None:
    check(all_views(evidence_of(whole(Builder(tmp_path / "journal.jsonl")), **changes)))


def test_an_objective_of_the_users_without_scales(tmp_path: Path) -> None:
    builder = Builder(tmp_path / "journal.jsonl")
    builder.event("sweep", id="a", name="demo", custom_objective=True)
    for number in range(4):
        builder.trial("search", number, 0.5 + 0.1 * number)
    views = {view.name: view for view in all_views(evidence_of(builder))}
    check(list(views.values()))
    assert views["expected_maximum"].about["measure"] == "objective"


def test_many_tasks_and_trials_take_little_time_and_room() -> None:
    """120 tasks; with 2,000 trials each view takes less than a second, and here a part of it."""
    evidence = large_evidence(trials=600, epochs=20)
    assert len(evidence.rows) > 600  # made once, for all views
    for name, make in VIEWS.items():
        began = time.process_time()
        view = make(evidence)
        took = time.process_time() - began
        assert took < 0.75, (name, took)  # with room for a slow machine
        if view is not None:
            assert len(view.csv()) < 1_000_000, name
