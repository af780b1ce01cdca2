"""The named view has the form that the pages of the installed MLflow read."""

from __future__ import annotations

import importlib.util
import re
from functools import cache
from pathlib import Path

import pytest

from mtl_search.tracking.pages.named_view import (
    TAG_PREFIX,
    ViewOf,
    decoded,
    encoded,
    view_key,
    view_state,
)

VIEW = ViewOf(
    "ab12", "skill", ["left/accuracy"], ["training.optimizer.lr"], ["search", "single/left"]
)


@cache
def _pages() -> str:
    """The scripts of MLflow's pages."""
    found = importlib.util.find_spec("mlflow")  # to import it takes seconds
    assert found is not None
    assert found.origin is not None
    folder = Path(found.origin).parent / "server" / "js" / "build" / "static" / "js"
    scripts = sorted(folder.glob("*.js"))
    assert any(path.name.startswith("main.") for path in scripts)
    return "\n".join(path.read_text(encoding="utf-8") for path in scripts)


def test_the_tag_and_its_form_are_those_of_the_installed_pages() -> None:
    assert f'"{TAG_PREFIX}"' in _pages()
    assert encoded({}).startswith("deflate;")
    assert '"deflate;"' in _pages()
    for parameter in ('"viewStateShareKey"', '"mlflow.experimentKind"', '"machine_learning"'):
        assert parameter in _pages()


@pytest.mark.parametrize("has_finalists", [True, False])
def test_the_pages_know_every_key(*, has_finalists: bool) -> None:
    view = ViewOf("ab12", "skill", ["left/accuracy"], has_finalists=has_finalists)
    charts = [key for chart in view_state(view)["compareRunCharts"] for key in chart]
    sections = [key for section in view_state(view)["compareRunSections"] for key in section]
    for key in {*view_state(view), *charts, *sections}:
        assert re.search(rf"\b{key}\b", _pages()), key
    group = view_state(view)["groupBy"]
    assert re.search(r'Average="average"', _pages())
    assert set(group["groupByKeys"][0]) == {"mode", "groupByData"}


def test_finalists_of_one_sweep_are_grouped_by_arm() -> None:
    state = decoded(encoded(view_state(VIEW)))
    compared = "tags.kind = 'final' AND tags.compared = 'true'"
    assert state["searchFilter"] == f"{compared} AND tags.`mtl_search.sweep` = 'ab12'"
    assert state["orderByKey"] == "metrics.`test/skill`"
    assert state["groupBy"]["groupByKeys"] == [{"mode": "tag", "groupByData": "arm"}]
    assert state["groupsExpanded"] == {"tag.arm.search": False, "tag.arm.single/left": False}
    assert "params.`training.optimizer.lr`" in state["selectedColumns"]
    charts = [(chart["type"], chart["metricKey"]) for chart in state["compareRunCharts"]]
    assert charts[:2] == [("BAR", "test/skill"), ("BAR", "test/left/accuracy")]
    assert ("LINE", "val/skill") in charts


def test_a_sweep_without_finalists_shows_its_trials() -> None:
    state = view_state(ViewOf("ab12", "delta_m", has_finalists=False))
    assert state["searchFilter"].startswith("tags.kind = 'search' AND")
    assert state["orderByKey"] == "metrics.`best/val/delta_m`"


def test_the_tag_is_short_even_with_many_tasks() -> None:
    tasks = [f"task{number}/accuracy" for number in range(120)]
    view = ViewOf("ab12", "skill", tasks, arms=[f"single/task{n}" for n in range(120)])
    assert len(encoded(view_state(view))) < 4900
    assert view_key("ab12") == "mtl_search-ab12"
