"""The table of metrics, and the dashboard that shows them."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from mtl_search.search.monitoring.metrics import METRICS
from tests.support.repository import REPOSITORY

DASHBOARD = REPOSITORY / "docker" / "grafana" / "mtl_search.json"
GUIDE = REPOSITORY / "docs" / "guides" / "operations.md"
# What each kind of panel of Grafana shows a single series by.
KINDS = {"stat", "timeseries"}


@pytest.fixture(scope="module")
def dashboard() -> dict[str, Any]:
    board: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return board


def _expressions(dashboard: dict[str, Any]) -> list[str]:
    variables = [v["query"] for v in dashboard["templating"]["list"] if v["type"] == "query"]
    return [
        *(target["expr"] for panel in dashboard["panels"] for target in panel["targets"]),
        *(query["query"] for query in variables),
    ]


def test_names_are_those_of_prometheus_and_tags_are_known() -> None:
    names = [metric.name for metric in METRICS]
    assert len(set(names)) == len(names)
    assert all(re.fullmatch(r"mtl_search_[a-z_]+", name) for name in names)
    for metric in METRICS:
        assert metric.description.endswith(".")
        assert metric.tags[0] == "sweep"
        assert set(metric.tags) <= {"sweep", "arm", "state"}


def test_the_dashboard_shows_every_metric_and_no_other(dashboard: dict[str, Any]) -> None:
    text = "\n".join(_expressions(dashboard))
    used = set(re.findall(r"\b(?:ray_)?mtl_search_\w+", text))
    assert used == {metric.exposed_name for metric in METRICS}


def test_the_dashboard_asks_for_tags_that_the_metrics_have(dashboard: dict[str, Any]) -> None:
    tags = {metric.exposed_name: set(metric.tags) for metric in METRICS}
    for expression in _expressions(dashboard):
        for name, selector in re.findall(r"(ray_mtl_search_\w+)\{([^}]*)\}", expression):
            assert set(re.findall(r"(\w+)\s*(?:=~|!=|=)", selector)) <= tags[name], expression
        for inside in re.findall(r"by \(([^)]*)\)", expression):
            [name] = set(re.findall(r"ray_mtl_search_\w+", expression)) - {"ray_mtl_search_slots"}
            assert {tag.strip() for tag in inside.split(",")} <= tags[name], expression


def test_the_dashboard_is_one_that_grafana_imports(dashboard: dict[str, Any]) -> None:
    assert dashboard.keys() >= {"uid", "title", "schemaVersion", "panels", "templating", "time"}
    assert "id" not in dashboard, "an id belongs to one Grafana"
    assert re.fullmatch(r"[\w-]{1,40}", dashboard["uid"])
    assert dashboard["schemaVersion"] >= 36  # from which on a data source is an object
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(set(ids)) == len(ids)
    variables = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
    assert (variables["datasource"]["type"], variables["datasource"]["query"]) == (
        "datasource",
        "prometheus",
    )
    for panel in dashboard["panels"]:
        assert panel["type"] in KINDS
        assert panel["title"]
        for target in [panel, *panel["targets"]]:
            assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        refs = [target["refId"] for target in panel["targets"]]
        assert len(set(refs)) == len(refs) > 0
        assert panel["fieldConfig"].keys() == {"defaults", "overrides"}


def test_no_panel_lies_on_another(dashboard: dict[str, Any]) -> None:
    taken: set[tuple[int, int]] = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert not cells & taken, panel["title"]
        taken |= cells


def test_the_guide_names_every_metric() -> None:
    guide = GUIDE.read_text()
    assert [m.exposed_name for m in METRICS if f"`{m.exposed_name}`" not in guide] == []
